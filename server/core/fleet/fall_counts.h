// How many have fallen within the last window, by the millisecond of their fall.
//
// What grows old at one moment goes in one step, however many fell in it: a window of 10 s has 10,000
// milliseconds, and a fleet may have a million falls. Memory: 24 bytes for each millisecond with a fall.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/clock.h"

namespace liveness::core {

class FallCounts {
 public:
  // The millisecond that stands for `moment`: falls are told apart by it.
  static common::MonoTime Slot(common::MonoTime moment) {
    return std::chrono::floor<std::chrono::milliseconds>(moment);
  }

  // A client fell at `slot`; `gone`: the client is no longer live. Cheap for the latest slot.
  void Add(common::MonoTime slot, bool gone);
  // Takes back such a fall: the client is up again, or away. Nothing happens if the slot has grown old.
  void Remove(common::MonoTime slot, bool gone);
  // What fell at `last` or before counts no longer. REQUIRES: `last` does not go back.
  void ExpireUntil(common::MonoTime last);

  std::int64_t fallen() const { return fallen_; }
  std::int64_t gone() const { return gone_; }  // of `fallen`

 private:
  struct Falls {
    common::MonoTime slot;
    std::int64_t fallen = 0;
    std::int64_t gone = 0;
  };
  std::vector<Falls>::iterator Find(common::MonoTime slot);

  std::vector<Falls> slots_;  // in order; those before first_ have grown old
  std::size_t first_ = 0;
  common::MonoTime expired_until_ = common::MonoTime::min();
  std::int64_t fallen_ = 0;
  std::int64_t gone_ = 0;
};

}  // namespace liveness::core
