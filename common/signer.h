// Signs what we hand out and take back: page tokens, resume tokens.
// HMAC-SHA256, cut to 128 bits. Immutable; thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace liveness::common {

class Signer {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  using Mac = std::array<std::uint8_t, 16>;

  // `key`: kKeyBytes random bytes (common/random.h), kept secret. Any length works.
  explicit Signer(std::string_view key) : key_(key) {}

  Mac Sign(std::string_view message) const;

  // Takes the same time wherever they differ.
  bool Verify(std::string_view message, const Mac& mac) const;

 private:
  const std::string key_;
};

}  // namespace liveness::common
