#include "server/core/detection/scorecard.h"

#include <algorithm>
#include <cmath>

namespace liveness::core {
namespace {

using common::Duration;

constexpr double kGrowth = 1.25;
constexpr double kFirst = 1e6;  // nanoseconds

}  // namespace

void Mistakes::Add(Duration wrong_for) {
  ++count;
  total += wrong_for;
  longest = std::max(longest, wrong_for);
}

Mistakes& Mistakes::operator+=(const Mistakes& other) {
  count += other.count;
  total += other.total;
  longest = std::max(longest, other.longest);
  return *this;
}

void SpanHistogram::Add(Duration span) {
  const double nanos = std::max(static_cast<double>(span.count()), kFirst);
  const double bucket = std::ceil(std::log(nanos / kFirst) / std::log(kGrowth) - 1e-9);
  ++buckets_[std::min(kBuckets - 1, static_cast<std::size_t>(bucket))];
  ++count_;
  max_ = std::max(max_, span);
}

Duration SpanHistogram::Quantile(double share) const {
  std::int64_t left = std::max<std::int64_t>(1, std::llround(std::ceil(share * static_cast<double>(count_))));
  if (count_ == 0) return Duration::zero();
  for (std::size_t i = 0; i < kBuckets; ++i) {
    left -= buckets_[i];
    if (left > 0) continue;
    const double end = kFirst * std::pow(kGrowth, static_cast<double>(i));
    return std::min(max_, Duration(static_cast<std::int64_t>(end)));
  }
  return max_;
}

double Scorecard::QueryAccuracy() const {
  if (observed_seconds <= 0) return 1;
  const Duration wrong = refuted_suspicions.total + mistaken_deaths.total;
  const auto seconds = [](Duration span) { return std::chrono::duration<double>(span).count(); };
  return std::clamp(1 - seconds(wrong) / (observed_seconds + seconds(mistaken_deaths.total)), 0.0, 1.0);
}

}  // namespace liveness::core
