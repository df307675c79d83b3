#include "server/core/detection/quality.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/duration_text.h"

namespace liveness::core {
namespace {

using common::Duration;
using common::FormatForPeople;
using std::chrono::milliseconds;

// What this server itself may be late.
constexpr Duration kOwnLateness = milliseconds(10);
// More pings in a timeout make mistakes rarer on paper only: their fates are no
// longer independent.
constexpr int kMaxPingsPerTimeout = 100;
// How close to the largest interval that will do.
constexpr int kSteps = 256;
// A glance reaches down by half of an interval at most.
constexpr int kWidest = 2;

double Seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

Duration Saturated(double seconds) {
  if (seconds >= Seconds(Duration::max())) return Duration::max();
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// The part of the time until the client is found that is not the timeout.
Duration Overhead(const PathEstimate& path) { return path.delay + 2 * path.delay_deviation + kOwnLateness; }

Duration ShortestInterval(Duration timeout, const TimingBounds& bounds) {
  return std::max<Duration>(bounds.min_interval,
                            std::chrono::ceil<milliseconds>(timeout / kMaxPingsPerTimeout));
}

Duration LongestInterval(const TimingBounds& bounds) {
  return std::chrono::floor<milliseconds>(bounds.max_interval);
}

Duration TimeoutFor(Duration found_within, const PathEstimate& path, const TimingBounds& bounds) {
  const Duration timeout = std::min(found_within - Overhead(path), bounds.max_timeout);
  return std::chrono::floor<milliseconds>(timeout);
}

// No interval from `from` to `to` does better than this. The pings of a longer
// interval are fewer, and each has less time left to come: its product is not
// larger than that of `from`, and its interval is at most `to`.
double RecurrenceAtMost(Duration from, Duration to, Duration timeout, const PathEstimate& path) {
  constexpr double kRounding = 1 + 1e-9;
  return MistakeRecurrence({from, timeout}, path) * (Seconds(to) / Seconds(from)) * kRounding;
}

// The largest interval that keeps the contract, tried from above: the bound is not monotone in the interval,
// so a bisection might miss it. A stretch that RecurrenceAtMost shows to hold no such interval is stepped
// over, because a hello must not cost milliseconds.
std::optional<Timing> CheapestTiming(Duration timeout, double recurrence, const PathEstimate& path,
                                     const TimingBounds& bounds) {
  const Duration least = ShortestInterval(timeout, bounds);
  Timing timing{std::min<Duration>(std::chrono::floor<milliseconds>(timeout / 2), LongestInterval(bounds)),
                timeout};
  Duration barren = Duration::max();  // no interval from here up keeps the contract
  int share = kWidest;                // of an interval: how far down the next glance reaches
  while (timing.interval >= least) {
    if (timing.interval < barren) {
      if (MistakeRecurrence(timing, path) >= recurrence) return timing;
      const Duration from = std::max(least, timing.interval - timing.interval / share);
      if (RecurrenceAtMost(from, timing.interval, timeout, path) < recurrence) {
        barren = from;
        share = std::max(kWidest, share / 2);
      } else {
        share = std::min(kSteps, share * 2);
      }
    }
    const Duration step =
        std::max<Duration>(std::chrono::floor<milliseconds>(timing.interval / kSteps), milliseconds(1));
    if (timing.interval == least) break;
    timing.interval = std::max(timing.interval - step, least);
  }
  return std::nullopt;
}

// What would have to be asked for, for a message; nullopt if nothing will do. A longer time allows all that a
// shorter one does, so the first rung that will do is found by halving.
std::optional<Duration> LeastFoundWithin(Duration from, double recurrence, const PathEstimate& path,
                                         const TimingBounds& bounds) {
  std::vector<Duration> rungs;
  for (Duration found = from; found - Overhead(path) <= bounds.max_timeout; found += found / 8) {
    // In a longer timeout than this there are always too many pings.
    if (ShortestInterval(TimeoutFor(found, path, bounds), bounds) > LongestInterval(bounds)) break;
    rungs.push_back(found);
  }
  const auto least = std::partition_point(rungs.begin(), rungs.end(), [&](Duration found) {
    return !CheapestTiming(TimeoutFor(found, path, bounds), recurrence, path, bounds);
  });
  if (least == rungs.end()) return std::nullopt;
  return std::chrono::ceil<milliseconds>(*least);
}

absl::Status Unreachable(const std::string& message) {
  return common::Error(absl::StatusCode::kFailedPrecondition, "QUALITY_UNREACHABLE", message);
}

absl::Status TooSoon(const QualityRequest& request, const PathEstimate& path, const TimingBounds& bounds) {
  return Unreachable(absl::StrCat(
      "found_within ", FormatForPeople(request.found_within), " is too short: two intervals of at least ",
      FormatForPeople(bounds.min_interval), " and the path's delay of up to ",
      FormatForPeople(Overhead(path)), " take ",
      FormatForPeople(std::chrono::ceil<milliseconds>(2 * bounds.min_interval + Overhead(path)))));
}

absl::Status TooManyMistakes(const QualityRequest& request, Duration timeout, const PathEstimate& path,
                             const TimingBounds& bounds) {
  const Timing best{ShortestInterval(timeout, bounds), timeout};
  const double recurrence = Seconds(request.mistake_recurrence);
  std::string message = absl::StrCat(
      "a mistake every ", FormatForPeople(Saturated(MistakeRecurrence(best, path))),
      " is the best that can be promised for found_within ", FormatForPeople(request.found_within),
      ", not one every ", FormatForPeople(request.mistake_recurrence), ": the path loses ",
      absl::StrFormat("%.1f %%", 100 * path.loss), " and its delay varies by ",
      FormatForPeople(path.delay_deviation));
  if (const auto found = LeastFoundWithin(request.found_within, recurrence, path, bounds)) {
    absl::StrAppend(&message, "; found_within ", FormatForPeople(*found), " could be had");
  }
  return Unreachable(message);
}

}  // namespace

void CheckQuality(const QualityRequest& request, std::vector<common::FieldViolation>& violations) {
  if (request.found_within <= Duration::zero()) {
    violations.push_back({"hello.quality.found_within", "must be positive"});
  }
  if (request.mistake_recurrence <= Duration::zero()) {
    violations.push_back({"hello.quality.mistake_recurrence", "must be positive"});
  }
}

double MistakeRecurrence(const Timing& timing, const PathEstimate& path) {
  const double variance = Seconds(path.delay_deviation) * Seconds(path.delay_deviation);
  double recurrence = Seconds(timing.interval);
  for (Duration left = timing.timeout - timing.interval; left > Duration::zero(); left -= timing.interval) {
    const double square = Seconds(left) * Seconds(left);
    recurrence *= (variance + square) / (variance + path.loss * square);
  }
  return recurrence;
}

absl::StatusOr<QualitySolution> SolveQuality(const QualityRequest& request, const PathEstimate& path,
                                             const TimingBounds& bounds) {
  if (request.found_within < 2 * bounds.min_interval + Overhead(path)) return TooSoon(request, path, bounds);
  const Duration timeout = TimeoutFor(request.found_within, path, bounds);
  const double asked = Seconds(request.mistake_recurrence);
  const std::optional<Timing> timing = CheapestTiming(timeout, asked, path, bounds);
  if (!timing) return TooManyMistakes(request, timeout, path, bounds);
  return QualitySolution{.timing = *timing,
                         .found_within = timing->timeout + Overhead(path),
                         .mistake_recurrence = Saturated(MistakeRecurrence(*timing, path))};
}

}  // namespace liveness::core
