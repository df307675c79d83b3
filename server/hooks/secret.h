// A secret of a hook: bytes that are never printed, and wiped when they are freed.
// A value; thread-safe as long as nobody assigns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace liveness::hooks {

class Secret {
 public:
  // Of a key as Standard Webhooks writes it, `whsec_BASE64`.
  static constexpr std::size_t kMinBytes = 24, kMaxBytes = 64;

  // INVALID_ARGUMENT; the message holds nothing of `text`.
  static absl::StatusOr<Secret> Parse(std::string_view text);
  // A file with one key a line, the first for those who know only one; blank lines and # comments are passed
  // over. NOT_FOUND or PERMISSION_DENIED if it cannot be read; INVALID_ARGUMENT with the number of the line.
  static absl::StatusOr<std::vector<Secret>> Read(const std::string& path);

  Secret(const Secret&) = default;
  Secret(Secret&&) = default;
  // By value, so that what is replaced is freed by the destructor.
  Secret& operator=(Secret other) noexcept {
    key_.swap(other.key_);
    return *this;
  }
  ~Secret();

  std::span<const std::uint8_t> key() const { return key_; }
  bool operator==(const Secret&) const = default;

 private:
  Secret() = default;
  std::vector<std::uint8_t> key_;
};

}  // namespace liveness::hooks
