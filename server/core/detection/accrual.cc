#include "server/core/detection/accrual.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace liveness::core {
namespace {

using common::Duration;

// An interval this many times shorter than the agreed one is a burst's.
constexpr int kBurst = 10;
// An interval counts for at most so many agreed ones.
constexpr int kOutlier = 4;
// The deviation is at least the agreed interval over this, and at least that.
constexpr double kDeviationFloor = 20;
constexpr Duration kLeastDeviation = std::chrono::milliseconds(10);

Duration TickFor(Duration timeout) {
  constexpr std::int64_t kTicks = std::int64_t{1} << 31;
  constexpr Duration kFinest = std::chrono::microseconds(1);
  return std::max(kFinest, Duration(timeout.count() / kTicks + 1));
}

double Nanoseconds(Duration span) { return static_cast<double>(span.count()); }

}  // namespace

AccrualDetector::AccrualDetector(const Options& options)
    : options_(options), tick_(TickFor(options.timeout)) {}

void AccrualDetector::Arrived(common::MonoTime now) {
  const std::optional<common::MonoTime> before = last_;
  last_ = now;
  if (!before) return;
  const Duration interval = now - *before;
  if (interval < options_.interval / kBurst || interval > options_.timeout) return;
  Add(static_cast<std::uint32_t>(std::min(interval, kOutlier * options_.interval) / tick_));
}

void AccrualDetector::Add(std::uint32_t ticks) {
  const auto square = [](std::uint64_t value) { return value * value; };
  if (count_ == kWindow) {
    sum_ -= ring_[next_];
    sum_of_squares_ -= square(ring_[next_]);
  } else {
    ++count_;
  }
  ring_[next_] = ticks;
  next_ = (next_ + 1) % kWindow;
  sum_ += ticks;
  sum_of_squares_ += square(ticks);
}

AccrualDetector::Model AccrualDetector::Learnt() const {
  const double interval = Nanoseconds(options_.interval);
  if (count_ < kMinSamples) {
    // The model under which exactly the timeout is improbable enough.
    const double margin = Nanoseconds(options_.timeout) - interval;
    return {interval, margin / (options_.threshold * std::numbers::ln10 - 1)};
  }
  const double count = static_cast<double>(count_);
  const double mean = static_cast<double>(sum_) / count;
  // n times the sum of squares less the square of the sum, exactly: never negative.
  const unsigned __int128 spread = count_ * sum_of_squares_ - static_cast<unsigned __int128>(sum_) * sum_;
  const double deviation = std::sqrt(static_cast<double>(spread)) / count;
  const double tick = Nanoseconds(tick_);
  const double floor = std::max(interval / kDeviationFloor, Nanoseconds(kLeastDeviation));
  return {std::max(mean * tick, interval), std::max(deviation * tick, floor)};
}

double AccrualDetector::Phi(Duration silence) const {
  const auto [mean, deviation] = Learnt();
  const double phi = (Nanoseconds(silence) - mean + deviation) / (deviation * std::numbers::ln10);
  return std::max(phi, silence >= options_.timeout ? options_.threshold : 0);
}

Duration AccrualDetector::DueAfter() const {
  const auto [mean, deviation] = Learnt();
  const double due = std::ceil(mean + deviation * (options_.threshold * std::numbers::ln10 - 1));
  if (due >= Nanoseconds(options_.timeout)) return options_.timeout;
  return Duration(static_cast<std::int64_t>(due));
}

Duration AccrualDetector::mean() const { return Duration(static_cast<std::int64_t>(Learnt().mean)); }

Duration AccrualDetector::deviation() const {
  return Duration(static_cast<std::int64_t>(Learnt().deviation));
}

}  // namespace liveness::core
