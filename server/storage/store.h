// Where a registry's history lives. This is the seam behind which a durable
// store takes the place of memory: a registry asks it for revisions and for the
// secrets that must outlive a process, and for nothing per heartbeat.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace liveness::storage {

using TokenKey = std::array<std::uint8_t, 32>;

// Thread-safe.
class Store {
 public:
  virtual ~Store() = default;
  // `memory`, `sqlite` or `etcd`.
  virtual std::string_view kind() const = 0;
  // Names this line of revisions: 16 hex digits.
  virtual const std::string& history_id() const = 0;
  // Authenticates resume and page tokens.
  virtual const TokenKey& token_key() const = 0;
  // The last one given out; where a fresh history starts, before the first.
  virtual std::uint64_t LastRevision() const = 0;
  // Grows with each call and is never repeated.
  virtual std::uint64_t NextRevision() = 0;
};

}  // namespace liveness::storage
