#include "server/core/fleet/flap_damping.h"

#include <algorithm>
#include <cmath>

namespace liveness::core {
namespace {

constexpr double kCeiling = 4;  // times `suppress`

double HalfLives(Duration span, const FlapOptions& options) {
  return static_cast<double>(span.count()) / static_cast<double>(options.half_life.count());
}

}  // namespace

void FlapState::Fell(MonoTime now, const FlapOptions& options) {
  flapping_ = IsFlapping(now, options);
  penalty_ = std::min(Penalty(now, options) + kFallPenalty, kCeiling * options.suppress);
  at_ = now;
  flapping_ = flapping_ || penalty_ > options.suppress;
}

double FlapState::Penalty(MonoTime now, const FlapOptions& options) const {
  return penalty_ * std::exp2(-HalfLives(now - at_, options));
}

MonoTime FlapState::ReuseAt(const FlapOptions& options) const {
  if (!flapping_) return MonoTime::max();
  const double half_lives = std::max(0.0, std::log2(penalty_ / options.reuse));
  return at_ + Duration(static_cast<Duration::rep>(
                   std::ceil(half_lives * static_cast<double>(options.half_life.count()))));
}

}  // namespace liveness::core
