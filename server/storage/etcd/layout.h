// Where things lie in etcd, and how they are written there.
//
//   PREFIX meta/history       "HISTORY_ID BASE": names the line of revisions
//          meta/token_key     64 hex digits
//          meta/origin        which etcd this is (checks/origin.h)
//          meta/marker        written by each server that starts: ends its replay of the past
//          clients/CLIENT_ID  a client's record (proto EtcdChange)
//          forgotten/N        the record that was dropped last under slot N: written by the very transaction
//                             that deletes its key, so that one deletion is told once, with its time
//          servers/SERVER_ID  bound to that server's lease
//
// A revision that is told is BASE + etcd's own. BASE is the wall clock in
// microseconds when the history began, so that revisions and incarnations grow
// over an etcd that was restored from a copy or begun anew (as docs/adr/0007).
//
// Values of this file are immutable; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/storage/record_codec.h"
#include "server/storage/store.h"

namespace liveness::storage::etcd {

// In one answer to a listing: etcd 3.4 walks all keys for each.
inline constexpr std::int64_t kPageKeys = 10'000;

class Layout {
 public:
  // REQUIRES: `prefix` is not empty.
  explicit Layout(std::string prefix) : prefix_(std::move(prefix)) {}

  // All our keys lie in [begin, end).
  const std::string& begin() const { return prefix_; }
  std::string end() const { return PastAll(prefix_); }
  // The first key that does not begin with `prefix`.
  static std::string PastAll(std::string prefix);

  std::string History() const { return prefix_ + "meta/history"; }
  std::string TokenKey() const { return prefix_ + "meta/token_key"; }
  std::string Origin() const { return prefix_ + "meta/origin"; }
  std::string Marker() const { return prefix_ + "meta/marker"; }
  std::string Clients() const { return prefix_ + "clients/"; }
  std::string Client(std::string_view client_id) const { return Clients().append(client_id); }
  std::string Server(std::string_view server_id) const { return (prefix_ + "servers/").append(server_id); }
  // Of the server that leads, and of what notes there are (server/storage/notes/notes.h).
  std::string Claim() const { return prefix_ + "leader"; }
  std::string Notes() const { return prefix_ + "notes/"; }
  std::string Note(std::string_view key) const { return Notes().append(key); }
  std::string Forgotten(std::size_t slot) const { return prefix_ + "forgotten/" + std::to_string(slot); }

  enum class Kind { kOther, kHistory, kClient, kForgotten, kServer };
  struct Key {
    Kind kind = Kind::kOther;
    std::string_view id;  // of the client or server; a view into the key
  };
  Key Parse(std::string_view key) const;

 private:
  const std::string prefix_;
};

// A line of revisions.
struct History {
  std::string id;  // 16 hex digits
  std::uint64_t base = 0;

  std::uint64_t Told(std::int64_t etcd_revision) const {
    return base + static_cast<std::uint64_t>(etcd_revision);
  }
  // 0, which etcd gives to a key that is not there, for what is not of this line.
  std::int64_t Etcds(std::uint64_t told) const {
    return told > base ? static_cast<std::int64_t>(told - base) : 0;
  }
  bool operator==(const History&) const = default;
};

std::string EncodeHistory(const History& history);
std::optional<History> DecodeHistory(std::string_view text);
std::string EncodeTokenKey(const TokenKey& key);
std::optional<TokenKey> DecodeTokenKey(std::string_view text);

// A change as it lies in etcd.
struct Change {
  std::uint64_t writer = 0;
  std::uint64_t proposal = 0;
  core::WallTime time{};
  std::string record;  // see RecordOf
  std::uint64_t base = 0;
};

// The value for the change that `proposal` is.
std::string EncodeChange(const Proposal& proposal, std::uint64_t writer, const History& history);
std::optional<Change> DecodeChange(std::string_view value);
// Its record as committed under `etcd_revision`. DATA_LOSS if this server cannot read it.
absl::StatusOr<std::shared_ptr<core::ClientRecord>> RecordOf(const Change& change, const History& history,
                                                             std::int64_t etcd_revision, ServerIdPool& ids);

}  // namespace liveness::storage::etcd
