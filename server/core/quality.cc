#include "server/core/quality.h"

#include <algorithm>
#include <cmath>
#include <optional>

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

double Seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

Duration Saturated(double seconds) {
  if (seconds >= Seconds(Duration::max())) return Duration::max();
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// Of the time until the client is found, what is not timeout.
Duration Overhead(const PathEstimate& path) { return path.delay + 2 * path.delay_deviation + kOwnLateness; }

Duration ShortestInterval(Duration timeout, const TimingBounds& bounds) {
  return std::max<Duration>(bounds.min_interval,
                            std::chrono::ceil<milliseconds>(timeout / kMaxPingsPerTimeout));
}

Duration TimeoutFor(Duration found_within, const PathEstimate& path, const TimingBounds& bounds) {
  const Duration timeout = std::min(found_within - Overhead(path), bounds.max_timeout);
  return std::chrono::floor<milliseconds>(timeout);
}

// The largest interval that keeps the contract, tried from above: the bound is
// not monotone in the interval, so a bisection might miss it.
std::optional<Timing> CheapestTiming(Duration timeout, double recurrence, const PathEstimate& path,
                                     const TimingBounds& bounds) {
  const Duration least = ShortestInterval(timeout, bounds);
  Timing timing{std::min(std::chrono::floor<milliseconds>(timeout / 2),
                         std::chrono::floor<milliseconds>(bounds.max_interval)),
                timeout};
  while (timing.interval >= least) {
    if (MistakeRecurrence(timing, path) >= recurrence) return timing;
    const Duration step =
        std::max<Duration>(std::chrono::floor<milliseconds>(timing.interval / kSteps), milliseconds(1));
    if (timing.interval == least) break;
    timing.interval = std::max(timing.interval - step, least);
  }
  return std::nullopt;
}

// What would have to be asked for, for a message; nullopt if nothing will do.
std::optional<Duration> LeastFoundWithin(Duration from, double recurrence, const PathEstimate& path,
                                         const TimingBounds& bounds) {
  for (Duration found = from; found - Overhead(path) <= bounds.max_timeout; found += found / 8) {
    const Duration timeout = TimeoutFor(found, path, bounds);
    if (CheapestTiming(timeout, recurrence, path, bounds)) return std::chrono::ceil<milliseconds>(found);
  }
  return std::nullopt;
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
