// Can this server commit, and if not, why: in an operator's words.
//
// A moment's silence is no outage: an election takes a second or two. Each sign
// below must last kPatience before it counts, counted from when it began, so
// that an outage shows about 2 s after it.
//
// Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/clock.h"

namespace liveness::storage::etcd {

class Health {
 public:
  static constexpr common::Duration kPatience = std::chrono::seconds(2);

  // etcd has just answered (the store was opened).
  explicit Health(common::MonoTime now) : last_answer_(now) {}

  // This process stood still for that long, which is nobody's silence.
  void Credit(common::Duration stood);
  // A lease's keepalive, or a transaction, was answered.
  void Answered(common::MonoTime now) { last_answer_ = now; }
  // The watch and the lease stand.
  void Up() { down_since_.reset(); }
  // They do not. Says why.
  void Down(common::MonoTime now, std::string why) {
    if (!down_since_) down_since_ = now;
    down_why_ = std::move(why);
  }
  // A transaction that was sent at `sent` failed.
  void WriteFailed(common::MonoTime sent, std::string why) {
    failing_since_ = failing_since_ ? std::min(*failing_since_, sent) : sent;
    failing_why_ = std::move(why);
  }
  void Wrote() { failing_since_.reset(); }
  bool writes_fail() const { return failing_since_.has_value(); }
  // The oldest transaction without an answer; the oldest change that etcd has taken and the watch has not
  // told.
  void Pending(std::optional<common::MonoTime> unanswered, std::optional<common::MonoTime> untold) {
    unanswered_ = unanswered;
    untold_ = untold;
  }
  // Nothing but an operator's hand helps; empty: that is over.
  void Fatal(std::string why) { fatal_ = std::move(why); }
  bool fatal() const { return !fatal_.empty(); }

  // OK or UNAVAILABLE.
  absl::Status Assess(common::MonoTime now) const;

 private:
  static bool Long(const std::optional<common::MonoTime>& since, common::MonoTime now) {
    return since && now - *since > kPatience;
  }

  common::MonoTime last_answer_;
  std::optional<common::MonoTime> down_since_;
  std::string down_why_;
  std::optional<common::MonoTime> failing_since_;
  std::string failing_why_;
  std::optional<common::MonoTime> unanswered_;
  std::optional<common::MonoTime> untold_;
  std::string fatal_;
};

}  // namespace liveness::storage::etcd
