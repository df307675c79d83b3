// Connections (runners) that are opened beside a stream whose answer is overdue, in the hope that
// one of them gets through first.
//
// A lost packet costs TCP 200 ms, the next loss 400, then 800; a lost SYN costs a whole second.
// A fresh connection owes nothing to what was lost before it. So runners are opened one
// after the other, a step apart, three at most at a time: to open a fourth, a runner is dropped
// whose SYN is not answered yet, or that has had no acknowledgement for six steps.
//
//   timeout 1 s, patience 100 ms, step 112 ms
//   ping sent     overdue: 1st    2nd    3rd    4th for the 1st ...           give up
//       0             100         212    324        436                        1000
//
// A path that loses packets lets some through. Where none of the connections was answered
// for six steps, not even by a kernel, the path has an outage: the step doubles then, up to two
// seconds, because all clients of a host that is gone must not hammer on it. The first answer
// brings the old step back.
//
// A race gains nothing if the packets arrive and the server's process takes its time; another
// connection would cost that process even more time. So the silent stream is looked at before
// each runner is opened: if its kernel holds nothing that is unacknowledged, the first runner is opened
// only when the server is given up, and another only if the last runner's SYN is not answered.
//
// Pure; not thread-safe. `now` never goes back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "common/clock.h"

namespace liveness::internal {

using StreamId = std::uint64_t;

enum class Arrival : std::uint8_t {
  kUnknown,         // no TCP, or no such system
  kConnecting,      // no SYN of ours was answered yet
  kUnacknowledged,  // something of ours was not acknowledged
  kAcknowledged,    // all that we sent has arrived
};

// What the kernel knows of a connection.
struct PathLook {
  Arrival arrival = Arrival::kUnknown;
  common::Duration answered_ago = common::Duration::max();  // by the other kernel
};

// How long an answer takes, from those that came (RFC 6298's estimate).
class AnswerTime {
 public:
  static constexpr common::Duration kLeast = std::chrono::milliseconds(100);

  bool known() const { return smooth_.has_value(); }
  void Add(common::Duration rtt);
  // How long an answer may take before it is overdue: a few round trips; at least kLeast, at most half the
  // `period` between two pings, or twice the shortest round trip where that is more.
  common::Duration Patience(common::Duration period) const;

 private:
  std::optional<common::Duration> smooth_;
  common::Duration variation_{};
  common::Duration shortest_{};  // of late: what is lost and sent again takes longer
};

class Race {
 public:
  static constexpr std::size_t kMost = 3;

  struct Runner {
    StreamId id = 0;
    common::BootTime opened{};
    common::BootTime deadline{};                   // to be welcomed
    std::optional<common::BootTime> hello_sent{};  // from then on the runner may have the session
    std::uint32_t hello = 0;                       // the hello's number
  };

  // All run to `target`. The silent stream's ping went out at `asked`; the answer is overdue `patience`
  // later, and the server is given up `timeout` later. REQUIRES: 0 < patience < timeout
  Race(std::size_t target, common::BootTime asked, common::Duration patience, common::Duration timeout);

  std::size_t target() const { return target_; }
  // When to look whether another runner is to be opened.
  common::BootTime next() const { return next_; }
  // next(), or when the first runner is late.
  common::BootTime NextDeadline() const;
  struct Choice {
    bool opens = false;            // another runner is to be opened
    std::optional<StreamId> drop;  // and this runner dropped, to make room
  };
  // To be asked at next(). `silent` is the stream that does not answer, if it is still there; `look` is
  // called with that stream and with runners.
  Choice Choose(common::BootTime now, std::optional<StreamId> silent,
                const std::function<PathLook(StreamId)>& look);
  // The server is there and refuses: no runner is opened for half a timeout.
  void Rest(common::BootTime now);
  // A runner was opened, as Choose() told.
  void Add(common::BootTime now, StreamId id);

  const std::vector<Runner>& runners() const { return runners_; }
  Runner* Find(StreamId id);
  // A runner that was not welcomed in time.
  std::optional<StreamId> Late(common::BootTime now) const;
  // No-op if `id` does not run.
  void Remove(StreamId id);

 private:
  bool IsHopeless(common::BootTime now, const Runner& runner, const PathLook& look) const;

  const std::size_t target_;
  const common::BootTime give_up_;
  const common::Duration patience_;
  const common::Duration timeout_;
  const common::Duration step_;
  common::Duration pause_;  // before the next runner
  common::BootTime next_;
  common::BootTime answered_;    // when the other kernel last answered any connection
  std::vector<Runner> runners_;  // in the order of their opening
};

}  // namespace liveness::internal
