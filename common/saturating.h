// Sums of spans and moments that stop at the end of what their type holds. Pure.
//
// A user may name any span and any moment that the wire can write: 290 years, the year 9999. A plain sum of
// two such overflows, which is undefined and in practice turns "for ever" into "long ago". Use these wherever
// an operand comes from a request, a flag, a file or another server; the ends mean "for ever" and "since
// ever".
#pragma once

#include <chrono>
#include <cstdint>

#include "common/clock.h"

namespace liveness::common {

constexpr Duration SaturatingAdd(Duration a, Duration b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(std::int64_t{a.count()}, std::int64_t{b.count()}, &sum)) return Duration(sum);
  return a < Duration::zero() ? Duration::min() : Duration::max();
}

constexpr Duration SaturatingSub(Duration a, Duration b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(std::int64_t{a.count()}, std::int64_t{b.count()}, &difference)) {
    return Duration(difference);
  }
  return a < Duration::zero() ? Duration::min() : Duration::max();
}

constexpr Duration SaturatingMultiply(Duration span, std::int64_t times) {
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(std::int64_t{span.count()}, times, &product)) return Duration(product);
  return (span < Duration::zero()) == (times < 0) ? Duration::max() : Duration::min();
}

// A moment `span` after another, on any of the clocks.
template <typename ClockTag>
constexpr std::chrono::time_point<ClockTag, Duration> SaturatingAdd(
    std::chrono::time_point<ClockTag, Duration> moment, Duration span) {
  return std::chrono::time_point<ClockTag, Duration>(SaturatingAdd(moment.time_since_epoch(), span));
}

// A moment `span` before another.
template <typename ClockTag>
constexpr std::chrono::time_point<ClockTag, Duration> SaturatingSub(
    std::chrono::time_point<ClockTag, Duration> moment, Duration span) {
  return std::chrono::time_point<ClockTag, Duration>(SaturatingSub(moment.time_since_epoch(), span));
}

// From `b` to `a`.
template <typename ClockTag>
constexpr Duration SaturatingSub(std::chrono::time_point<ClockTag, Duration> a,
                                 std::chrono::time_point<ClockTag, Duration> b) {
  return SaturatingSub(a.time_since_epoch(), b.time_since_epoch());
}

}  // namespace liveness::common
