#include "client/src/session/races.h"

#include <algorithm>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;
using common::Duration;

// A path on which a race was on is expected to lose more for so many timeouts.
constexpr int kLossyTimeouts = 10;
// A client that notices an overdue answer later than this did not run when the answer was due.
constexpr Duration kLookedTooLate = 50ms;

}  // namespace

bool Races::MayHaveSession() const {
  return race_ && std::any_of(race_->runners().begin(), race_->runners().end(),
                              [](const Race::Runner& each) { return each.hello_sent.has_value(); });
}

Duration Races::Patience(const LiveStream& stream) const {
  return std::min(answers_.Patience(stream.period), stream.timeout / 2);
}

std::optional<BootTime> Races::OverdueAt(const LiveStream* live) const {
  const std::optional<BootTime> asked = live != nullptr ? live->AskedAt() : std::nullopt;
  return asked ? std::optional(*asked + Patience(*live)) : std::nullopt;
}

bool Races::BeginAfter(const LiveStream& ended, BootTime now, Duration delay) {
  if (race_) return true;
  if (!last_ || now >= *last_ + kLossyTimeouts * ended.timeout) return false;
  const Duration patience = Patience(ended);
  race_.emplace(ended.target, now + delay - patience, patience, ended.timeout);
  return true;
}

Race::Choice Races::Look(BootTime now, LiveStream* live) {
  if (!race_) {
    const std::optional<BootTime> overdue = OverdueAt(live);
    if (!overdue || now < *overdue) return {};
    if (now > *overdue + kLookedTooLate) {
      live->woken = now;  // what has arrived meanwhile is read before the next look
      return {};
    }
    const Duration patience = Patience(*live);
    race_.emplace(live->target, *overdue - patience, patience, live->timeout);
  }
  if (now < race_->next()) return {};
  return race_->Choose(now, live != nullptr ? std::optional(live->id) : std::nullopt,
                       [this](StreamId stream) { return LookAt(stream); });
}

std::optional<BootTime> Races::NextDeadline(const LiveStream* live) const {
  return race_ ? race_->NextDeadline() : OverdueAt(live);
}

std::vector<StreamId> Races::End() {
  std::vector<StreamId> ran;
  if (!race_) return ran;
  for (const Race::Runner& each : race_->runners()) ran.push_back(each.id);
  last_ = race_->next();
  race_.reset();
  return ran;
}

}  // namespace liveness::internal
