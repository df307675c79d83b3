// Two completion queues in made-up time: what arrives on one waits for what came before
// it, a canary pings on each every 200 ms, and a detector looks every 10 ms.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "server/core/time/canary_watch.h"

namespace liveness::core::testing {

using common::Duration;
using common::MonoTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline MonoTime At(Duration since_start) { return MonoTime(std::chrono::hours(1) + since_start); }

// A thread and what waits for it, which it works off in the order in which it came.
class SimQueue {
 public:
  double load = 0;          // seconds of work that arrive in a second
  Duration constant_lag{};  // beside that of the work
  bool frozen = false;      // its thread does not run
  bool connected = true;    // its canary has a stream
  bool deaf = false;        // that stream alone is broken: nothing of it arrives
  Pulse pulse;

  // So much work comes at this moment.
  void Swamp(Duration work) { arrived_ += work; }
  // A message of a client's comes; `heard` is called when it is.
  void Send(MonoTime now, std::function<void(MonoTime)> heard) {
    waiting_.push_back({arrived_, now + constant_lag, std::move(heard)});
  }
  // The time until `now`.
  void Step(MonoTime now, Duration step) {
    arrived_ += Duration(static_cast<Duration::rep>(load * static_cast<double>(step.count())));
    if (!frozen) worked_ = std::min(arrived_, worked_ + step);
    if (!connected) {
      pulse.sent = Pulse::kNever;
    } else if (pulse.sent == Pulse::kNever || now - pulse.sent >= CanaryWatch::kPeriod) {
      pulse.sent = now;
      if (!deaf) {
        Send(now, [this, sent = now](MonoTime) { pulse.caught_up = std::max(pulse.caught_up, sent); });
      }
    }
    while (!frozen && !waiting_.empty() && waiting_.front().behind <= worked_ &&
           waiting_.front().from <= now) {
      waiting_.front().heard(now);
      waiting_.pop_front();
      pulse.heard = now;
    }
  }

 private:
  struct Message {
    Duration behind;  // all the work that came before it
    MonoTime from;
    std::function<void(MonoTime)> heard;
  };
  Duration arrived_{};
  Duration worked_{};
  std::deque<Message> waiting_;
};

class Watched {
 public:
  explicit Watched(Duration max_doubt = seconds(10)) : watch(max_doubt) {}
  Watched(const Watched&) = delete;

  // A client of that queue, which beats from now on.
  std::size_t Join(std::size_t queue, Duration interval) {
    clients_.push_back({.queue = queue, .interval = interval, .beats_at = now_, .last_heard = At(now_)});
    return clients_.size() - 1;
  }
  void Silence(std::size_t client) { clients_[client].beats = false; }
  // How long it was not heard, of witness time: now, and at most so far.
  Duration silence(std::size_t client) const {
    return witness.Elapsed(clients_[client].last_heard, At(now_));
  }
  Duration longest_silence(std::size_t client) const { return clients_[client].longest; }

  void RunUntil(Duration end) {
    while (now_ < end) Step();
  }
  void RunFor(Duration span) { RunUntil(now_ + span); }
  // The whole process does not run; the detector finds out first.
  void StopFor(Duration span) {
    const MonoTime expected = At(now_ + kLook);
    now_ += span;
    witness.Observe(expected, At(now_));
    Look();
  }
  // Witness time since the start.
  Duration witnessed() const { return witness.Elapsed(At(Duration(0)), At(now_)); }
  Duration now() const { return now_; }

  std::array<SimQueue, 2> queues;
  WitnessClock witness;
  CanaryWatch watch;
  bool stands = false;

 private:
  static constexpr Duration kStep = milliseconds(1);
  static constexpr Duration kLook = milliseconds(10);

  struct Client {
    std::size_t queue;
    Duration interval;
    Duration beats_at;
    MonoTime last_heard;
    Duration longest{};
    bool beats = true;
  };

  void Step() {
    now_ += kStep;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      Client& client = clients_[i];
      if (!client.beats || now_ < client.beats_at) continue;
      client.beats_at += client.interval;
      queues[client.queue].Send(At(now_), [this, i](MonoTime now) { clients_[i].last_heard = now; });
    }
    for (SimQueue& queue : queues) queue.Step(At(now_), kStep);
    if (now_ % kLook == Duration::zero()) Look();
  }
  void Look() {
    const std::array<Pulse, 2> pulses{queues[0].pulse, queues[1].pulse};
    stands = watch.Assess(pulses, At(now_), witness);
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i].longest = std::max(clients_[i].longest, silence(i));
    }
  }

  std::vector<Client> clients_;
  Duration now_{};
};

}  // namespace liveness::core::testing
