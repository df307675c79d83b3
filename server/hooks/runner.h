// One hook at work: one event on its way at a time, the next when it was taken or given up.
//
//   feed's head --> Delivery::Send --> taken: pop, the next
//                                  \-> failed: the same again, when Retry says; given up: pop, the next
//
// What is configured may change while an event is on its way: the attempt is cancelled, and made anew as it
// is configured then.
//
// Not thread-safe; `now` is an argument. It holds one slice of history, whatever its receiver does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/clock.h"
#include "server/hooks/delivery.h"
#include "server/hooks/feed.h"
#include "server/hooks/hook_config.h"
#include "server/hooks/hook_state.h"
#include "server/hooks/position.h"
#include "server/hooks/retry.h"

namespace liveness::hooks {

// Where its events go, as it may be shown: nothing that may be secret.
std::string ReceiverOf(const HookConfig& hook);

class Runner {
 public:
  // Of all hooks. All of it outlives the runners.
  struct Parts {
    Feed::Source source;
    Delivery& delivery;
    // Where the outcome of an attempt goes, from any thread; it comes back by Done().
    std::function<void(const std::string& hook, Outcome outcome)> on_outcome;
    std::function<double()> random;                         // see Retry
    std::function<void(bool bad, const std::string&)> log;  // for an operator
  };
  // What of the registry the hooks were told: transitions that were published since this server began, and
  // how often there was something new.
  struct News {
    std::uint64_t published = 0;
    std::uint64_t count = 0;
  };
  Runner(const Parts& parts, HookConfigPtr hook, Position position, const News& news);

  // Sends what is due; looks at history only if there was news since it had nothing left. When to call it
  // again; MonoTime::max(): not before something changes.
  common::MonoTime Step(common::MonoTime now, const News& news);
  // The attempt is over. REQUIRES: in_flight().
  void Done(const Outcome& outcome, common::MonoTime now);
  // As it is configured from now on, under the same name; with a new chance at once, and all of its time.
  void Replace(HookConfigPtr hook);
  // Begins no attempt any more; one that goes on is left alone.
  void Hold() { held_ = true; }
  // Holds for good, and ends the attempt: its outcome comes soon.
  void Cancel();

  const HookConfig& hook() const { return *(next_ ? next_ : hook_); }
  bool in_flight() const { return in_flight_; }
  const Position& position() const { return feed_->position(); }
  // Events that were taken or given up since the start.
  std::uint64_t popped() const { return popped_; }
  // `now` and `wall` are one instant.
  HookState State(const News& news, common::MonoTime now, common::WallTime wall) const;

 private:
  void MakeFeed(Position position);
  void Apply();
  std::uint64_t Passed() const { return passed_before_ + feed_->looked_at() - feed_->waiting(); }
  void Pop();
  void Failed(const Outcome& outcome, common::MonoTime now);

  const Parts& parts_;
  HookConfigPtr hook_;
  HookConfigPtr next_;  // once the attempt is over; null: none
  std::optional<Feed> feed_;
  Retry retry_;
  common::MonoTime try_at_{};
  std::optional<std::uint64_t> idle_since_;  // had nothing left at that count of news
  bool in_flight_ = false;
  bool held_ = false;
  std::uint64_t popped_ = 0;
  std::uint64_t silenced_before_ = 0, passed_before_ = 0;  // by feeds before this one
  std::uint64_t skipped_;                                  // were published, and not for this one to pass
  HookState counts_;
  std::string error_;  // of the last attempt; empty: none failed of this event
};

}  // namespace liveness::hooks
