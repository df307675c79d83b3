// One session as the registry holds it: the line that every heartbeat writes,
// and what only the registry touches.
//
// A heartbeat costs one cache line: Touch() stores the time and reads a flag.
// It takes no lock, moves no timer and allocates nothing. The detector looks at
// the time when the session's timer comes due, and re-arms it then.
//
// Suspicion against a racing heartbeat: the detector sets `suspected` and then
// reads `last_heard` once more; Touch() stores `last_heard` and then reads
// `suspected`. All four are sequentially consistent, so at least one of the two
// sees the other, and a heartbeat in time is never lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/core/detection/scorecard.h"
#include "server/core/fleet/flap_damping.h"
#include "server/core/record/record.h"
#include "server/core/time/deadline_wheel.h"
#include "server/registry/records/arrivals.h"
#include "server/registry/records/work_board.h"

namespace liveness::registry {

// The stream that a session is bound to. Implemented by server/rpc. Called from
// any thread, never under the registry's lock; must not block.
class StreamHandle {
 public:
  virtual ~StreamHandle() = default;
  // Sends the server's ping.
  virtual void Probe(std::uint64_t sequence) = 0;
  // Ends the stream with `why`; nothing is sent after it. May be called when
  // the stream is already over.
  virtual void End(const absl::Status& why) = 0;
  // What its connection shows now; takes some tens of microseconds.
  virtual core::LinkEvidence Look() { return {}; }
};

enum class TouchResult : std::uint8_t {
  kHeard,
  kRefutes,  // the session is suspected: call Registry::Refute
  kStale,    // a newer stream took over, or the session is over
};

class Standbys;

// What few sessions have at a time.
struct SessionExtras {
  std::shared_ptr<Arrivals> arrivals;      // null: how pings arrive is not measured
  std::shared_ptr<WorkBoard> board;        // null until the client tells of its work
  std::optional<core::LinkEvidence> look;  // the last look at its connection
  core::Mistakes mistakes;                 // that were made about this client
  core::Duration known_before{};  // how long the client was known in earlier sessions, if there was a mistake
  core::Duration detected_after{};     // last heard until SUSPECT, of its last death that was found
  std::shared_ptr<Standbys> standbys;  // null: there was never one
  core::FlapState flap;                // over all its sessions
  std::uint64_t last_attachment = 0;   // that this server gave out, if others know of a lower one
  core::MonoTime suspect_since{};
  bool death_held = false;  // in this suspicion, because this server doubted itself
  // Since when the connection held unread bytes, in the silence that began at `unread_after`.
  core::MonoTime unread_since{};
  core::MonoTime unread_after = core::MonoTime::min();
  // An earlier stream told the client that it is not dead before this moment, because the timeout was longer
  // then or the path worse.
  core::MonoTime vouched_until = core::MonoTime::min();
  core::MonoTime excused_until{};    // a close before it may be our fault: the welcome came so late
  core::MonoTime stream_ended_at{};  // only meaningful if stream_end is set
  core::StreamEnd stream_end = core::StreamEnd::kNone;
  bool orphaned = false;  // nobody serves it, since suspect_since
};

// What the registry alone reads and writes, under its lock.
struct SessionState {
  core::RecordPtr record;
  std::shared_ptr<StreamHandle> stream;  // null while no stream is bound
  std::shared_ptr<const core::Keepalive> keepalive;
  std::unique_ptr<SessionExtras> extras;  // null: nothing of it
  core::MonoTime probed_at{};             // when the last probe went out

  SessionExtras& MakeExtras() {
    if (extras == nullptr) extras = std::make_unique<SessionExtras>();
    return *extras;
  }
  const std::shared_ptr<WorkBoard>& MakeBoard() {
    std::shared_ptr<WorkBoard>& board = MakeExtras().board;
    if (board == nullptr) board = std::make_shared<WorkBoard>();
    return board;
  }
};

// Two cache lines: a million sessions are the bulk of what a registry holds.
class alignas(64) Session : public core::WheelNode {
 public:
  // A valid message arrived on the stream of this attachment. Any thread.
  TouchResult Touch(std::uint64_t attachment, core::MonoTime now) {
    if (attachment_.load(std::memory_order_relaxed) != attachment) return TouchResult::kStale;
    last_heard_.store(now.time_since_epoch().count(), std::memory_order_seq_cst);
    if (suspected_.load(std::memory_order_seq_cst)) return TouchResult::kRefutes;
    // The end of a session takes its attachment away before its suspicion: a stream whose session is dead
    // must not tell its client that all is well.
    return attachment_.load(std::memory_order_seq_cst) == attachment ? TouchResult::kHeard
                                                                     : TouchResult::kStale;
  }

  // What belongs to a ping besides its arrival. Only the stream's own thread.
  void CountPing(std::uint64_t sequence, std::uint64_t newly_missed) {
    last_sequence_.store(sequence, std::memory_order_relaxed);
    if (newly_missed != 0)
      missed_.fetch_add(static_cast<std::uint32_t>(newly_missed), std::memory_order_relaxed);
  }
  // The round trip of a probe. Only the stream's own thread.
  void SetRtt(core::Duration rtt) { rtt_.store(rtt.count(), std::memory_order_relaxed); }

  core::MonoTime last_heard() const {
    return core::MonoTime(core::Duration(last_heard_.load(std::memory_order_seq_cst)));
  }
  core::Duration rtt() const { return core::Duration(rtt_.load(std::memory_order_relaxed)); }
  std::uint64_t last_sequence() const { return last_sequence_.load(std::memory_order_relaxed); }
  std::uint32_t missed() const { return missed_.load(std::memory_order_relaxed); }

  // --- What follows is the registry's. REQUIRES: its lock. -------------------

  const SessionState& state() const { return state_; }
  SessionState& state() { return state_; }
  const core::RecordPtr& record() const { return state_.record; }

  // The stream of that attachment speaks for the session from now on, and has just been heard.
  void Bind(std::uint64_t attachment, core::MonoTime now) {
    SetHeard(now);
    SetSuspected(false);
    attachment_.store(attachment, std::memory_order_seq_cst);
  }
  // No stream speaks for the session any more: Touch() says kStale.
  void Unbind() { attachment_.store(0, std::memory_order_seq_cst); }
  void SetHeard(core::MonoTime at) {
    last_heard_.store(at.time_since_epoch().count(), std::memory_order_seq_cst);
  }
  // While it is set, Touch() says kRefutes.
  void SetSuspected(bool suspected) { suspected_.store(suspected, std::memory_order_seq_cst); }

  // True if this process serves it. Then the session lives, is its client's entry in the table, and is no
  // orphan: whatever ends it or takes it away says false first.
  bool is_local() const { return local_; }
  void set_local(bool local) { local_ = local; }
  // True if its client has a change under way: ledger/pending_client.h.
  bool is_pending() const { return pending_; }
  void set_pending(bool pending) { pending_ = pending; }

 private:
  // The hot line, shared with the wheel's node before it (24 bytes), which the
  // detector writes only when the session's timer moves.
  std::atomic<std::int64_t> last_heard_{0};
  std::atomic<std::uint64_t> attachment_{0};  // 0: no stream may touch it
  std::atomic<std::uint64_t> last_sequence_{0};
  std::atomic<std::int64_t> rtt_{0};
  std::atomic<std::uint32_t> missed_{0};
  std::atomic<bool> suspected_{false};
  // Guarded by the registry's lock; here because there is room.
  bool local_ = false;
  bool pending_ = false;

  SessionState state_;
};

static_assert(sizeof(Session) == 128, "a session fills two cache lines, and no more");

}  // namespace liveness::registry
