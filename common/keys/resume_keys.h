// The file of the keys that resume tokens are signed with, as `livenessctl key rotate` writes it and
// `livenessd --resume-key-file` reads it.
//
//   [store]
//   until = 2027-01-02T00:01:00Z            the key that the store made is accepted so long; no [store]: for
//   good
//
//   [[key]]
//   secret = "5e88...42d8"                  32 random bytes
//   from   = 2027-01-01T00:01:00Z           signs from then on, and is accepted before, too
//   until  = 2027-02-02T00:01:00Z           is accepted so long; the key that comes last has none
//
// Pure, thread-safe. No error and no name has anything of a secret.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"

namespace liveness::common {

using ResumeSecret = std::array<std::uint8_t, 32>;

struct ResumeKey {
  ResumeSecret secret{};
  WallTime from;
  std::optional<WallTime> until;

  friend bool operator==(const ResumeKey&, const ResumeKey&) = default;
};

// By default those of a server without a file: the store's alone.
struct ResumeKeys {
  static constexpr std::size_t kMaxKeys = 100;
  static constexpr std::size_t kMaxFileBytes = 64 * 1024;

  std::vector<ResumeKey> keys;          // the newest `from` first
  std::optional<WallTime> store_until;  // none: for good

  friend bool operator==(const ResumeKeys&, const ResumeKeys&) = default;
};

// Of the text of a file; `file` is its name, for messages. INVALID_ARGUMENT: all that is wrong, a line each,
// with line and column. One key at least; no two have one secret or one `from`; each is accepted until the
// next one signs, and the last for good.
absl::StatusOr<ResumeKeys> ParseResumeKeys(std::string_view toml, std::string_view file);

// The text of a file. Dates to the millisecond.
std::string FormatResumeKeys(const ResumeKeys& keys);

// 16 hexadecimal digits by which people tell keys apart.
std::string NameOf(const ResumeSecret& secret);

// `keys` and one more, of `secret`, that signs from `now` + `from` on. All others, the store's too, end
// `overlap` after that, unless they end before; those that have run out are left out. FAILED_PRECONDITION:
// the newest has not come by then, or there are kMaxKeys.
absl::StatusOr<ResumeKeys> RotateResumeKeys(ResumeKeys keys, const ResumeSecret& secret, WallTime now,
                                            Duration from, Duration overlap);

}  // namespace liveness::common
