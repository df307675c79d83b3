#include "common/backoff.h"

#include <algorithm>
#include <utility>

namespace liveness::common {
namespace {

Duration Scaled(Duration span, double factor) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(span.count()) * factor));
}

}  // namespace

Backoff::Backoff(const Options& options, std::function<double()> random)
    : options_(options), random_(std::move(random)) {}

Duration Backoff::Next() {
  ++attempts_;
  if (attempts_ == 1) return Scaled(options_.first_jitter, random_());
  if (attempts_ == 2) {
    ceiling_ = std::min(options_.initial, options_.max);
  } else {
    ceiling_ = std::min(Scaled(ceiling_, options_.factor), options_.max);
  }
  return ceiling_ - Scaled(ceiling_ / 2, random_());
}

Duration Backoff::AfterDrain(Duration reconnect_within) {
  attempts_ = 1;
  return Scaled(std::max(reconnect_within, Duration::zero()), random_());
}

}  // namespace liveness::common
