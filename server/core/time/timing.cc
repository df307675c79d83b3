#include "server/core/time/timing.h"

#include <algorithm>

namespace liveness::core {
namespace {

using common::Duration;

Duration Twice(Duration span) { return span > Duration::max() / 2 ? Duration::max() : 2 * span; }

void CheckPositive(const std::optional<Duration>& span, const char* field,
                   std::vector<common::FieldViolation>& violations) {
  if (span && *span <= Duration::zero()) violations.push_back({field, "must be positive"});
}

// What is asked for, with the preset in place of what is not said.
Timing Complete(const TimingRequest& request, const Timing& preset) {
  Timing timing{request.interval.value_or(preset.interval), request.timeout.value_or(preset.timeout)};
  if (!request.timeout) timing.timeout = std::max(timing.timeout, Twice(timing.interval));
  if (!request.interval) timing.interval = std::min(timing.interval, timing.timeout / 2);
  return timing;
}

Timing Clamp(const Timing& asked, const TimingBounds& bounds) {
  Timing timing = asked;
  timing.interval = std::clamp(asked.interval, bounds.min_interval, bounds.max_interval);
  if (timing.interval > asked.interval) timing.timeout = std::max(timing.timeout, 2 * timing.interval);
  if (timing.timeout > bounds.max_timeout) {
    timing.timeout = bounds.max_timeout;
    timing.interval = std::clamp(timing.timeout / 2, bounds.min_interval, timing.interval);
  }
  return timing;
}

}  // namespace

Timing NegotiateTiming(const TimingRequest& request, const Timing& preset, const TimingBounds& bounds,
                       std::vector<common::FieldViolation>& violations) {
  const std::size_t before = violations.size();
  CheckPositive(request.interval, "hello.interval", violations);
  CheckPositive(request.timeout, "hello.timeout", violations);
  if (violations.size() > before) return preset;
  if (request.interval && request.timeout && *request.timeout < *request.interval) {
    violations.push_back({"hello.timeout", "must not be less than hello.interval"});
    return preset;
  }
  return Clamp(Complete(request, preset), bounds);
}

}  // namespace liveness::core
