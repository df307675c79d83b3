// When each completion queue was last heard, and when its canary last pinged:
// what core/canary_watch.h judges by.
//
// Thread-safe: a queue's own thread notes what it hears, the canary's thread what
// it sends, the detector reads both. No lock, and a cache line for each queue: a
// heartbeat pays one store to memory that nobody else writes.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/core/canary_watch.h"

namespace liveness::registry {

class QueuePulses {
 public:
  class alignas(64) Queue {
   public:
    // A message came, of whomever.
    void Heard(common::MonoTime now) {
      heard_.store(now.time_since_epoch().count(), std::memory_order_release);
    }
    // The canary sends a ping. REQUIRES: called before it leaves, or its arrival could seem older than it.
    void Sent(common::MonoTime now) {
      sent_.store(now.time_since_epoch().count(), std::memory_order_release);
    }
    // It has no stream any more, and nothing to say.
    void Lost() { Sent(core::Pulse::kNever); }

    core::Pulse Read() const {
      // `sent` first: what is heard between the two reads answers it.
      const common::MonoTime sent(common::Duration(sent_.load(std::memory_order_acquire)));
      return {.sent = sent,
              .heard = common::MonoTime(common::Duration(heard_.load(std::memory_order_acquire)))};
    }

   private:
    std::atomic<std::int64_t> heard_{core::Pulse::kNever.time_since_epoch().count()};
    std::atomic<std::int64_t> sent_{core::Pulse::kNever.time_since_epoch().count()};
  };

  // At least one queue.
  explicit QueuePulses(std::size_t queues)
      : size_(std::max<std::size_t>(queues, 1)), queues_(std::make_unique<Queue[]>(size_)) {}

  std::size_t size() const { return size_; }
  // The last one for an index beyond them.
  Queue& at(std::size_t index) { return queues_[std::min(index, size_ - 1)]; }

  // All of them, into `pulses`, whose memory is used again.
  void Read(std::vector<core::Pulse>& pulses) const {
    pulses.resize(size_);
    for (std::size_t i = 0; i < size_; ++i) pulses[i] = queues_[i].Read();
  }

 private:
  const std::size_t size_;
  const std::unique_ptr<Queue[]> queues_;
};

}  // namespace liveness::registry
