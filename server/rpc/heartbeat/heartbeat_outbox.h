// What waits to be sent on one heartbeat stream: a slot for each kind of
// message, so that a client which does not read costs no memory. Such a client
// gets the latest pong only; its pings count all the same.
//
//   welcome, drain, probe, pong   in this order, each at most once in the box
//   the end                       next after what is being sent; drops the rest
//
// Pure; guarded by whoever owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "common/clock.h"
#include "server/rpc/heartbeat/ping.h"

namespace liveness::rpc {

// `Welcome` is the type of a prepared welcome message (opaque here).
template <typename Welcome>
class HeartbeatOutbox {
 public:
  enum class Kind : std::uint8_t { kNothing, kWelcome, kDrain, kProbe, kPong, kEnd };

  void PutWelcome(std::unique_ptr<Welcome> welcome) { welcome_ = std::move(welcome); }
  void PutPong(const PendingPong& pong) {
    pong_ = pong;
    has_pong_ = true;
  }
  void PutProbe(std::uint64_t sequence) {
    probe_ = sequence;
    has_probe_ = true;
  }
  void PutDrain(common::Duration reconnect_within) {
    drain_ = reconnect_within;
    has_drain_ = true;
  }
  // False if the end was already put: the first one counts.
  bool PutEnd() {
    if (ending_) return false;
    ending_ = true;
    return true;
  }
  bool ending() const { return ending_; }

  // What to send next. The slot is then empty, and the accessor of that name below has the content.
  Kind Take() {
    if (ending_) return std::exchange(end_taken_, true) ? Kind::kNothing : Kind::kEnd;
    if (welcome_) return Kind::kWelcome;
    if (std::exchange(has_drain_, false)) return Kind::kDrain;
    if (std::exchange(has_probe_, false)) return Kind::kProbe;
    if (std::exchange(has_pong_, false)) return Kind::kPong;
    return Kind::kNothing;
  }
  std::unique_ptr<Welcome> welcome() { return std::move(welcome_); }
  const PendingPong& pong() const { return pong_; }
  std::uint64_t probe() const { return probe_; }
  common::Duration drain() const { return drain_; }

 private:
  // What every pong touches comes first, and together.
  bool has_pong_ = false;
  bool has_probe_ = false;
  bool has_drain_ = false;
  bool ending_ = false;
  bool end_taken_ = false;
  std::unique_ptr<Welcome> welcome_;
  PendingPong pong_;
  std::uint64_t probe_ = 0;
  common::Duration drain_{};
};

}  // namespace liveness::rpc
