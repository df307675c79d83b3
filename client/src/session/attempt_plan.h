// Which server a client dials next, when, and with how much haste.
//
// The targets are tried in rounds (target_order.h), a round takes no time, and the backoff stands
// between two rounds.
//
// A target may be a name of many addresses, which gRPC tries one after the other, from the first, in each
// attempt. If dead addresses use up the whole attempt, the next attempt gives each of them half the time, and
// so on down to an eighth, then the whole again: with the defaults 20 dead addresses before a good one are
// passed in four attempts.
//
// Pure; not thread-safe: the session owns it. `now` never goes back.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "client/src/session/target_order.h"
#include "common/backoff.h"
#include "common/clock.h"

namespace liveness::internal {

class AttemptPlan {
 public:
  using BootTime = common::BootTime;
  using Duration = common::Duration;

  // `random` is uniform in [0, 1). REQUIRES: targets > 0
  AttemptPlan(std::size_t targets, std::function<double()> random);

  // When to dial; nothing: no attempt is planned.
  std::optional<BootTime> next() const { return next_; }
  // Returns the target to dial now, and plans no other attempt. Nothing: every target asked to be left alone
  // for a while, and next() is the end of the shortest.
  std::optional<std::size_t> Take(BootTime now);
  // How many times to halve what one address of `target` may take.
  int haste(std::size_t target) const { return haste_[target]; }
  // Plans no attempt.
  void Clear() { next_.reset(); }

  // A server has taken the client in: the next loss begins with the shortest delay.
  void OnWelcome();
  // The session was lost: plans an attempt within the shortest delay, `first` first.
  void ComeBack(BootTime now, std::size_t first);
  // The server at `target` refused only a part of the hello: plans an attempt there at once.
  void AskAgain(BootTime now, std::size_t target);
  // An attempt that began at `started` has failed: plans the next one of this round, or of a new round.
  void GoOn(BootTime now, BootTime started);
  // All of an attempt's time went by before a connection to `target` stood.
  void Hasten(std::size_t target);
  // `target` is not to be tried before `until`: a server there said so.
  void Hold(std::size_t target, BootTime until) { order_.Hold(target, until); }
  // The next round begins after `target`. Plans nothing.
  void StartAfter(std::size_t target) { order_.StartAfter(target); }

  // A server at `target` asks to be left within that time, at most an hour: `target` is passed over.
  // Returns a random moment of that window, to dial another server.
  void Leave(std::size_t target) { order_.Leave(target); }
  BootTime MomentWithin(BootTime now, Duration reconnect_within);
  void DialAt(BootTime moment) { next_ = moment; }
  // Moves the planned attempt, if there is one, and only forward.
  void DialBy(BootTime moment);

  // The delay before the first of several connections that race (races.h), in place of ComeBack().
  Duration DelayOfRace() { return backoff_.Next(); }

 private:
  common::Backoff backoff_;
  TargetOrder order_;
  std::vector<int> haste_;  // of the next attempt, by target
  std::optional<BootTime> next_;
};

}  // namespace liveness::internal
