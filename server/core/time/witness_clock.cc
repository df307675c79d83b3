#include "server/core/time/witness_clock.h"

#include <algorithm>

namespace liveness::core {

using common::Duration;
using common::MonoTime;

WitnessClock::WitnessClock(Duration horizon) : horizon_(horizon) { stalls_.reserve(kMaxStalls + 1); }

Duration WitnessClock::Observe(MonoTime expected, MonoTime actual) {
  return actual - expected <= kTolerance ? Duration::zero() : Credit(expected, actual);
}

Duration WitnessClock::Credit(MonoTime from, MonoTime to) {
  const Duration before = credited_;
  // Stalls that begin within this one are taken out, because this one counts them again as a whole.
  while (!stalls_.empty() && stalls_.back().from >= from) {
    credited_ -= stalls_.back().length;
    stalls_.pop_back();
  }
  if (!stalls_.empty()) from = std::max(from, stalls_.back().to);
  if (from >= to) return credited_ - before;
  credited_ += to - from;
  // What is told piece by piece is one stall.
  if (!stalls_.empty() && stalls_.back().to == from) {
    stalls_.back().to = to;
    stalls_.back().length += to - from;
  } else {
    stalls_.push_back({from, to, to - from});
    MakeRoom(to);
  }
  return credited_ - before;
}

Duration WitnessClock::Elapsed(MonoTime from, MonoTime to) const {
  if (to <= from) return Duration::zero();
  Duration elapsed = to - from;
  // The newest first: most spans are younger than the last stall.
  for (std::size_t i = stalls_.size(); i > 0 && stalls_[i - 1].to > from; --i) {
    elapsed -= Overlap(stalls_[i - 1], from, to);
  }
  return elapsed;
}

MonoTime WitnessClock::DueAt(MonoTime from, Duration span) const {
  const auto later = [](MonoTime moment, Duration by) {
    return moment > MonoTime::max() - by ? MonoTime::max() : moment + by;
  };
  MonoTime due = later(from, std::max(span, Duration::zero()));
  std::size_t i = stalls_.size();
  while (i > 0 && stalls_[i - 1].to > from) --i;
  for (; i < stalls_.size() && stalls_[i].from < due; ++i) {
    due = later(due, Overlap(stalls_[i], from, stalls_[i].to));
  }
  return due;
}

Duration WitnessClock::Overlap(const Stall& stall, MonoTime from, MonoTime to) {
  const MonoTime first = std::max(stall.from, from);
  const MonoTime last = std::min(stall.to, to);
  return last <= first ? Duration::zero() : std::min(stall.length, last - first);
}

void WitnessClock::MakeRoom(MonoTime now) {
  if (stalls_.size() <= kMaxStalls) return;
  const auto recent = std::find_if(stalls_.begin(), stalls_.end(),
                                   [&](const Stall& stall) { return now - stall.to < horizon_; });
  if (recent != stalls_.begin()) {
    stalls_.erase(stalls_.begin(), recent);
    return;
  }
  std::size_t closest = 1;
  for (std::size_t i = 2; i < stalls_.size(); ++i) {
    if (stalls_[i].from - stalls_[i - 1].to < stalls_[closest].from - stalls_[closest - 1].to) closest = i;
  }
  stalls_[closest - 1].to = stalls_[closest].to;
  stalls_[closest - 1].length += stalls_[closest].length;
  stalls_.erase(stalls_.begin() + static_cast<std::ptrdiff_t>(closest));
}

}  // namespace liveness::core
