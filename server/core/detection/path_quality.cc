#include "server/core/detection/path_quality.h"

#include <algorithm>
#include <cmath>

namespace liveness::core {
namespace {

using common::Duration;

constexpr double kHalveAt = 2'000;
// As many pings as the assumption weighs; fewer probes, for they are rare.
constexpr double kAssumedPings = 100;
constexpr double kAssumedProbes = 4;

double Seconds(Duration span) { return std::chrono::duration<double>(span).count(); }
Duration FromSeconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

void PathQuality::Arrived(common::MonoTime now, std::uint64_t sequence, Duration interval, Duration timeout) {
  const std::optional<Last> before = last_;
  last_ = Last{now, sequence};
  if (!before || sequence <= before->sequence) return;
  const double steps = static_cast<double>(sequence - before->sequence);
  // In seconds: an interval times a client's sequence numbers may be anything.
  const double deviation = Seconds(now - before->time) - steps * Seconds(interval);
  if (std::abs(deviation) > Seconds(timeout)) return;
  expected_ += steps;
  lost_ += steps - 1;
  deviations_ += 1;
  sum_ += deviation;
  sum_of_squares_ += deviation * deviation;
  if (expected_ >= kHalveAt) Halve();
}

void PathQuality::RoundTrip(Duration rtt) {
  round_trips_ += 1;
  round_trip_sum_ += Seconds(rtt);
}

void PathQuality::Halve() {
  for (double* sum :
       {&expected_, &lost_, &deviations_, &sum_, &sum_of_squares_, &round_trips_, &round_trip_sum_}) {
    *sum /= 2;
  }
}

PathEstimate PathQuality::Estimate() const {
  const PathEstimate assumed;
  const double assumed_variance = Seconds(assumed.delay_deviation) * Seconds(assumed.delay_deviation);
  const double mean = deviations_ > 0 ? sum_ / deviations_ : 0;
  const double spread = std::max(0.0, sum_of_squares_ - mean * sum_);
  PathEstimate estimate;
  estimate.loss = (lost_ + assumed.loss * kAssumedPings) / (expected_ + kAssumedPings);
  estimate.delay_deviation =
      FromSeconds(std::sqrt((spread + assumed_variance * kAssumedPings) / (deviations_ + kAssumedPings)));
  estimate.delay = FromSeconds((round_trip_sum_ + Seconds(assumed.delay) * kAssumedProbes) /
                               (round_trips_ + kAssumedProbes));
  return estimate;
}

}  // namespace liveness::core
