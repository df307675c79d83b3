// How far each completion queue is with what reaches it, and when its canary last
// pinged: what core/time/canary_watch.h judges by.
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

#include "server/core/time/canary_watch.h"

namespace liveness::registry {

class QueuePulses {
 public:
  class alignas(64) Queue {
   public:
    // A message came, of whomever. It may have waited for any time: that the queue is on time only its own
    // canary's pings show.
    void HeardSomebody(common::MonoTime now) { Put(heard_, now, std::memory_order_relaxed); }
    // The canary's ping of `sent` came.
    void HeardPing(common::MonoTime sent, common::MonoTime now) {
      HeardSomebody(now);
      // A ping of an older stream may come late.
      if (sent > Get(caught_up_)) Put(caught_up_, sent, std::memory_order_release);
    }

    // The canary sends a ping; those before may be under way. Only its thread.
    // REQUIRES: called before the ping leaves, because else its arrival could seem older than the ping.
    void Sent(common::MonoTime now) {
      if (Get(caught_up_) >= waits_for_) waits_for_ = now;
      Put(sent_, now, std::memory_order_release);
    }
    // The canary has no stream any more, and says nothing. Only the canary's thread.
    void Lost() {
      Put(sent_, core::Pulse::kNever, std::memory_order_release);
      waits_for_ = core::Pulse::kNever;
    }
    // A ping has waited for so long, at least, and none was heard that left after it. Only the canary's
    // thread.
    common::Duration Waits(common::MonoTime now) const {
      return Get(caught_up_) >= waits_for_ ? common::Duration::zero() : now - waits_for_;
    }

    core::Pulse Read() const {
      // `sent` first: what is heard between the reads answers it.
      const common::MonoTime sent = Get(sent_);
      return {.sent = sent, .caught_up = Get(caught_up_), .heard = Get(heard_)};
    }

   private:
    using Moment = std::atomic<std::int64_t>;
    static constexpr std::int64_t kNever = core::Pulse::kNever.time_since_epoch().count();
    static void Put(Moment& moment, common::MonoTime when, std::memory_order order) {
      moment.store(when.time_since_epoch().count(), order);
    }
    static common::MonoTime Get(const Moment& moment) {
      return common::MonoTime(common::Duration(moment.load(std::memory_order_acquire)));
    }

    Moment heard_{kNever};
    Moment caught_up_{kNever};
    Moment sent_{kNever};
    common::MonoTime waits_for_ = core::Pulse::kNever;  // only the canary's thread
  };

  // At least one queue.
  explicit QueuePulses(std::size_t queues)
      : size_(std::max<std::size_t>(queues, 1)), queues_(std::make_unique<Queue[]>(size_)) {}

  std::size_t size() const { return size_; }
  // The last one for an index beyond them.
  Queue& at(std::size_t index) { return queues_[std::min(index, size_ - 1)]; }

  // Reads all queues into `pulses`, whose memory is used again.
  void Read(std::vector<core::Pulse>& pulses) const {
    pulses.resize(size_);
    for (std::size_t i = 0; i < size_; ++i) pulses[i] = queues_[i].Read();
  }

 private:
  const std::size_t size_;
  const std::unique_ptr<Queue[]> queues_;
};

}  // namespace liveness::registry
