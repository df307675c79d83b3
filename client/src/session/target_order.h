// Which server is tried next, of those that a client was given. Pure; not
// thread-safe.
//
// Servers are tried in rounds: each of them once, one right after the other. The
// client waits only between two rounds, so one dead server among several costs one
// failed attempt and no time.
//
// Example: a, b, c, and b is lost. After StartAfter(b) Next() gives c, a, b, then
// nothing; after NextRound() c, a, b once more.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/clock.h"

namespace liveness::internal {

class TargetOrder {
 public:
  // Begins with number 0. REQUIRES: targets > 0
  explicit TargetOrder(std::size_t targets);

  // A new round of all of them, `target` first.
  void StartAt(std::size_t target);
  // A new round in which `target` is the last.
  void StartAfter(std::size_t target) { StartAt((target + 1) % held_until_.size()); }
  // As StartAfter(), but `target` is passed over, in later rounds too, until the next
  // Start, because the server there asked to be left. The only target is tried all the same.
  void Leave(std::size_t target);
  // All of this round once more, in the same order.
  void NextRound() { left_ = held_until_.size(); }

  // Do not try `target` before `until`: the server there said so.
  void Hold(std::size_t target, common::BootTime until);

  // The next target of this round; nothing if there is none (any more).
  std::optional<std::size_t> Next(common::BootTime now);
  bool RoundGoesOn(common::BootTime now) const;
  // From when on a new round has a target that is not held.
  common::BootTime FreeAt() const;

 private:
  bool PassedOver(std::size_t target) const;
  // How many of the round stand before the next one that may be tried.
  std::optional<std::size_t> Distance(common::BootTime now) const;

  std::vector<common::BootTime> held_until_;  // one per target
  std::size_t next_ = 0;
  std::size_t left_;  // of this round, from next_ on
  std::optional<std::size_t> leaving_;
};

}  // namespace liveness::internal
