// Durations as people write and read them. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/clock.h"

namespace liveness::common {

// Reads `250ms`, `6s`, `1.5s`, `2m`, `1h30m`, `24h`, `3d4h`, or a plain `0`.
// Units, largest first and each at most once: d h m s ms us ns. Finer than a
// nanosecond is cut off. Not negative; whether zero makes sense is the caller's
// to say. INVALID_ARGUMENT with a message that quotes the text and says what is
// wrong with it, also when it is longer than a Duration can hold (292 years).
absl::StatusOr<Duration> ParseDuration(std::string_view text);

// Exact, as a flag takes it: `1h30m`, `1.5s`, `250ms`, `0s`. ParseDuration
// reads it back; a negative one has a leading `-`.
std::string FormatDuration(Duration duration);

// Rounded for people, two units or one decimal: `250ms`, `1.2s`, `3m12s`,
// `1h30m`, `3d4h`. Below 1 ms `85us`.
std::string FormatForPeople(Duration duration);

// An age as kubectl prints it, cut and not rounded: `45s`, `5m`, `5m30s` (below
// ten minutes), `3h20m` (below eight hours), `47h`, `3d4h` (below eight days),
// `30d`, `2y30d`. An age of the future is `0s`: clocks of two hosts differ.
std::string FormatAge(Duration age);

}  // namespace liveness::common
