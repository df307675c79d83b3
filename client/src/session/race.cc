#include "client/src/session/race.h"

#include <algorithm>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;
using common::Duration;

// Steps from the first overdue answer until the server is given up.
constexpr int kSteps = 8;
constexpr Duration kLeastStep = 50ms;
// So many steps without an acknowledgement are enough: to drop one connection, or to call the silence of all
// an outage.
constexpr int kLong = 6;
// No client knocks at a silent host more often.
constexpr Duration kMostPause = 2s;
// How long a runner may take to be welcomed: long, because the kernel's own retries get some runners through
// an outage.
constexpr Duration kWelcome = 5s;
// The shortest round trip is forgotten within some hundred.
constexpr int kForgets = 64;

}  // namespace

void AnswerTime::Add(Duration rtt) {
  if (!smooth_) {
    smooth_ = shortest_ = rtt;
    variation_ = rtt / 2;
    return;
  }
  const Duration off = *smooth_ > rtt ? *smooth_ - rtt : rtt - *smooth_;
  variation_ += (off - variation_) / 4;
  *smooth_ += (rtt - *smooth_) / 8;
  shortest_ = std::min(rtt, shortest_ + (rtt - shortest_) / kForgets);
}

Duration AnswerTime::Patience(Duration period) const {
  const Duration wanted = smooth_ ? *smooth_ + 4 * variation_ : kLeast;
  return std::clamp<Duration>(wanted, kLeast, std::max({kLeast, period / 2, 2 * shortest_}));
}

Race::Race(std::size_t target, BootTime asked, Duration patience, Duration timeout)
    : target_(target),
      give_up_(asked + timeout),
      patience_(patience),
      timeout_(timeout),
      step_(std::max<Duration>(kLeastStep, (timeout - patience) / kSteps)),
      pause_(step_),
      next_(asked + patience),
      answered_(asked) {}

Race::Choice Race::Choose(BootTime now, std::optional<StreamId> silent,
                          const std::function<PathLook(StreamId)>& look) {
  const auto take = [&](StreamId id) {
    const PathLook seen = look(id);
    if (seen.answered_ago <= now.time_since_epoch()) answered_ = std::max(answered_, now - seen.answered_ago);
    return seen;
  };
  const auto arrives = [](const PathLook& seen) {
    return seen.arrival == Arrival::kAcknowledged || seen.arrival == Arrival::kUnknown;
  };
  const bool silent_arrives = silent && arrives(take(*silent));
  bool waits = now < give_up_;
  std::optional<StreamId> hopeless;
  for (const Runner& each : runners_) {
    const PathLook seen = take(each.id);
    waits = arrives(seen);  // the last runner's counts
    if (!hopeless && IsHopeless(now, each, seen)) hopeless = each.id;
  }
  if (silent_arrives && waits) {
    next_ = now + step_;
    if (runners_.empty()) next_ = std::min(next_, give_up_);
    return {};
  }
  if (runners_.size() < kMost) return {true, std::nullopt};
  if (!hopeless) next_ = now + step_;
  return {hopeless.has_value(), hopeless};
}

bool Race::IsHopeless(BootTime now, const Runner& runner, const PathLook& look) const {
  const Duration age = now - runner.opened;
  if (look.arrival == Arrival::kConnecting) return age >= std::max(step_, patience_);
  return std::min(age, look.answered_ago) >= kLong * step_;
}

void Race::Rest(BootTime now) { next_ = std::max(next_, now + timeout_ / 2); }

void Race::Add(BootTime now, StreamId id) {
  const bool outage = now - answered_ >= kLong * step_;
  pause_ = outage ? std::max(step_, std::min<Duration>(kMostPause, 2 * pause_)) : step_;
  next_ = now + pause_;
  runners_.push_back({id, now, now + kWelcome});
}

BootTime Race::NextDeadline() const {
  BootTime next = next_;
  for (const Runner& each : runners_) next = std::min(next, each.deadline);
  return next;
}

Race::Runner* Race::Find(StreamId id) {
  const auto at =
      std::find_if(runners_.begin(), runners_.end(), [&](const Runner& each) { return each.id == id; });
  return at == runners_.end() ? nullptr : &*at;
}

std::optional<StreamId> Race::Late(BootTime now) const {
  for (const Runner& each : runners_) {
    if (now >= each.deadline) return each.id;
  }
  return std::nullopt;
}

void Race::Remove(StreamId id) {
  std::erase_if(runners_, [&](const Runner& each) { return each.id == id; });
}

}  // namespace liveness::internal
