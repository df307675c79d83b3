#include "common/duration_text.h"

#include <array>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "common/status.h"
#include "common/strings.h"

namespace liveness::common {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::int64_t kMicrosecond = 1'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// Largest first.
constexpr std::array<Unit, 7> kUnits = {{{"d", kDay},
                                         {"h", kHour},
                                         {"m", kMinute},
                                         {"s", kSecond},
                                         {"ms", kMillisecond},
                                         {"us", kMicrosecond},
                                         {"ns", 1}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Bad(std::string_view text, std::string_view what) {
  // Quoted text may come from anywhere; enough of it to find it again.
  return Error(absl::StatusCode::kInvalidArgument, "BAD_DURATION",
               StrCat("\"", Escape(text.substr(0, 40)), "\" is no duration: ", what));
}

// Adds, or says that it does not fit.
bool Add(std::int64_t& total, std::int64_t amount) { return !__builtin_add_overflow(total, amount, &total); }

// The magnitude, without overflow at the least Duration.
std::uint64_t Magnitude(Duration duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  return duration.count() < 0 ? 0 - count : count;
}

// `value` in tenths of `unit`, as `1.2s` or `3s`.
std::string Tenths(std::uint64_t value, const Unit& unit) {
  const std::uint64_t tenth = static_cast<std::uint64_t>(unit.nanoseconds) / 10;
  const std::uint64_t tenths = (value + tenth / 2) / tenth;
  return StrCat(tenths / 10, tenths % 10 == 0 ? "" : StrCat(".", tenths % 10), unit.name);
}

// `3m12s`, or `3m` when nothing is left over.
std::string Pair(std::uint64_t value, std::uint64_t big, std::string_view big_name, std::uint64_t small,
                 std::string_view small_name) {
  const std::uint64_t rest = value % big / small;
  return StrCat(value / big, big_name, rest == 0 ? "" : StrCat(rest, small_name));
}

}  // namespace

absl::StatusOr<Duration> ParseDuration(std::string_view text) {
  if (text.empty()) return Bad(text, "it is empty; write for example 250ms, 6s or 2m");
  if (text == "0") return Duration::zero();
  if (text.front() == '-') return Bad(text, "it is negative");

  std::int64_t total = 0;
  std::size_t next_unit = 0;  // units before this one are used up
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t digits = 0;
    while (digits < rest.size() && IsDigit(rest[digits])) ++digits;
    std::size_t end = digits;
    if (end < rest.size() && rest[end] == '.') {
      ++end;
      while (end < rest.size() && IsDigit(rest[end])) ++end;
    }
    const std::string_view whole = rest.substr(0, digits);
    const std::string_view fraction = end > digits ? rest.substr(digits + 1, end - digits - 1) : "";
    if (whole.empty() && fraction.empty()) {
      return Bad(text, StrCat("a number is expected at \"", Escape(rest.substr(0, 10)), "\""));
    }
    rest.remove_prefix(end);

    std::size_t letters = 0;
    while (letters < rest.size() && !IsDigit(rest[letters]) && rest[letters] != '.') ++letters;
    const std::string_view name = rest.substr(0, letters);
    rest.remove_prefix(letters);
    if (name.empty()) {
      return Bad(
          text, StrCat("its unit is missing; write ", text.substr(0, 20), "s or ", text.substr(0, 20), "ms"));
    }
    std::size_t unit = 0;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size()) {
      return Bad(text, StrCat("\"", Escape(name.substr(0, 10)),
                              "\" is no unit; there are d, h, m, s, ms, us and ns"));
    }
    if (unit < next_unit) return Bad(text, "units go from large to small, each once");
    next_unit = unit + 1;

    std::int64_t amount = 0;
    bool fits = true;
    for (const char digit : whole) {
      fits = fits && !__builtin_mul_overflow(amount, std::int64_t{10}, &amount) && Add(amount, digit - '0');
    }
    fits = fits && !__builtin_mul_overflow(amount, kUnits[unit].nanoseconds, &amount);
    std::int64_t scale = kUnits[unit].nanoseconds;
    for (const char digit : fraction) {
      scale /= 10;
      fits = fits && Add(amount, (digit - '0') * scale);
    }
    if (!fits || !Add(total, amount)) return Bad(text, "it is longer than 292 years");
  }
  return Duration(total);
}

std::string FormatDuration(Duration duration) {
  std::uint64_t rest = Magnitude(duration);
  if (rest == 0) return "0s";
  std::string text = duration.count() < 0 ? "-" : "";
  for (const Unit& unit : kUnits) {
    // A flag of a day is written 24h, as everywhere else.
    if (unit.nanoseconds == kDay) continue;
    const auto size = static_cast<std::uint64_t>(unit.nanoseconds);
    const std::uint64_t count = rest / size;
    if (count == 0) continue;
    text += StrCat(count);
    rest %= size;
    if (unit.nanoseconds <= kSecond) {
      // From seconds down one decimal number says it all: 1.5s, not 1s500ms.
      std::string fraction;
      for (std::uint64_t digit = size / 10; rest != 0; digit /= 10) {
        fraction.push_back(static_cast<char>('0' + rest / digit));
        rest %= digit;
      }
      text += StrCat(fraction.empty() ? "" : ".", fraction);
    }
    text += StrCat(unit.name);
    if (rest == 0) break;
  }
  return text;
}

std::string FormatForPeople(Duration duration) {
  const std::string sign = duration.count() < 0 ? "-" : "";
  const std::uint64_t value = Magnitude(duration);
  // Each bound is where rounding would reach the next unit.
  if (value == 0) return "0s";
  if (value < kMicrosecond) return StrCat(sign, value, "ns");
  if (value < kMillisecond - kMicrosecond / 2) {
    return StrCat(sign, (value + kMicrosecond / 2) / kMicrosecond, "us");
  }
  if (value < 10 * kMillisecond) return sign + Tenths(value, kUnits[4]);
  if (value < kSecond - kMillisecond / 2) {
    return StrCat(sign, (value + kMillisecond / 2) / kMillisecond, "ms");
  }
  if (value < kMinute - kSecond / 20) return sign + Tenths(value, kUnits[3]);
  if (value < kHour - kSecond / 2) return sign + Pair(value + kSecond / 2, kMinute, "m", kSecond, "s");
  if (value < kDay - kMinute / 2) return sign + Pair(value + kMinute / 2, kHour, "h", kMinute, "m");
  return sign + Pair(value + kHour / 2, kDay, "d", kHour, "h");
}

std::string FormatAge(Duration age) {
  if (age <= Duration::zero()) return "0s";
  const auto value = static_cast<std::uint64_t>(age.count());
  constexpr std::uint64_t kYear = 365 * std::uint64_t{kDay};
  if (value < 2 * kMinute) return StrCat(value / kSecond, "s");
  if (value < 10 * kMinute) return Pair(value, kMinute, "m", kSecond, "s");
  if (value < 3 * kHour) return StrCat(value / kMinute, "m");
  if (value < 8 * kHour) return Pair(value, kHour, "h", kMinute, "m");
  if (value < 2 * kDay) return StrCat(value / kHour, "h");
  if (value < 8 * kDay) return Pair(value, kDay, "d", kHour, "h");
  if (value < 2 * kYear) return StrCat(value / kDay, "d");
  if (value < 8 * kYear) return Pair(value, kYear, "y", kDay, "d");
  return StrCat(value / kYear, "y");
}

}  // namespace liveness::common
