// When a new connection is to be tried again, and what follows from how it went.
//
// One try that fails proves little: it may be the try's own bad luck, or the moments after
// a stop of the whole process. Two in a row do. Nothing is concluded before a first one got
// in: a server that cannot be dialed from where it runs (a firewall, a certificate that its
// own authority does not take) would otherwise never be ready, though others reach it.
//
// Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "common/clock.h"

namespace liveness::rpc {

class AcceptWatch {
 public:
  static constexpr common::Duration kPeriod = std::chrono::seconds(5);
  // Between tries that fail, and between a try and one that is asked for.
  static constexpr common::Duration kRetry = std::chrono::seconds(1);
  static constexpr int kFailures = 2;

  // When to try next.
  common::MonoTime due() const { return due_; }
  // There is reason to doubt: the next try comes `kRetry` after the last one at the latest.
  void Hurry(common::MonoTime now) { due_ = std::min(due_, std::max(now, last_try_ + kRetry)); }

  void Tried(common::MonoTime now) {
    last_try_ = now;
    due_ = now + kPeriod;
  }
  void GotIn(common::MonoTime now) {
    failures_ = 0;
    last_success_ = now;
    why_.clear();
  }
  void Failed(common::MonoTime now, std::string why) {
    ++failures_;
    why_ = std::move(why);
    due_ = now + kRetry;
  }

  bool IsClosed() const { return last_success_.has_value() && failures_ >= kFailures; }
  // Why the last one failed.
  const std::string& why() const { return why_; }
  std::optional<common::MonoTime> last_success() const { return last_success_; }

 private:
  common::MonoTime due_{};
  common::MonoTime last_try_{};
  std::optional<common::MonoTime> last_success_;
  int failures_ = 0;
  std::string why_;
};

}  // namespace liveness::rpc
