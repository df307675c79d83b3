// How many sessions a caller may begin, and how fast: a principal, or an address where nobody proves who it
// is (an IPv6 one's /64). A herd that comes all at once is told one by one when to come back. Hellos that go
// on with a session are not counted: what they take they have. Nor are those over a Unix socket.
//
// Thread-safe.
#pragma once

#include <string>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/time/rate_table.h"

namespace liveness::rpc {

class HelloPace {
 public:
  // A caller that has rested may begin so many seconds' worth at once.
  static constexpr std::uint32_t kBurstSeconds = 10;

  // 0: no limit.
  explicit HelloPace(std::uint32_t per_second)
      : rate_({.each = core::EachOf(per_second), .burst = per_second * kBurstSeconds}) {}

  // Zero: the caller may begin one now. `voice`: core::VoiceOf().
  common::Duration Wait(const std::string& voice, common::MonoTime now) {
    if (voice.empty()) return common::Duration::zero();
    common::MutexLock lock(mu_);
    return rate_.Wait(voice, now);
  }

 private:
  common::Mutex mu_;
  core::RateTable<std::string> rate_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::rpc
