// What really happened, as the script knows it: who sent what, when it reached
// our sockets, when we did not run. The checkers judge the registry by this and
// by nothing that the registry says of itself.
//
// How long we could hear. The registry credits our stalls, and its witness
// clock may be off by what it cannot see. So there are two measures of a span,
// and the truth lies between:
//   MostUptime    counts a stall only from one detector period after its start,
//                 and not at all if it is too short to be told from scheduling;
//   LeastUptime   leaves the whole stall out, and the lateness that the
//                 detector may have had when it began.
// A freeze (the detector runs, nothing is read) is noticed by a canary that pings
// each 200 ms: the first measure counts only one that is sure to be noticed, the
// second leaves out a canary's period before it too. Of a second freeze that follows
// soon the canary cannot tell when it began (core/time/canary_watch.h): the first
// measure counts it from a canary's period and tolerance after its start.
// Who says "too early" uses the first, who says "too late" the second. The time
// from a kill of the server until it serves again is a stall like any other.
//
// A process may open streams beside the one that its session is bound to. They wait until it speaks on one,
// which takes over then: what it left closes later and means nothing. The session has lost its stream when
// that has closed and none waits any more.
//
// What is told now was decided earlier, as long as its commit took. So the truth
// is recorded at the end of each step, and a decision is judged by the moment at
// which it was made.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/record/record.h"
#include "server/core/time/canary_watch.h"
#include "tests/simulation/random.h"
#include "tests/simulation/rules/line.h"

namespace liveness::simulation {

// The detector wakes at least this often, and this much lateness is no stall.
inline constexpr Duration kPeriod = std::chrono::milliseconds(10);
inline constexpr Duration kLateness = std::chrono::milliseconds(20);
// The canary pings this often, and is doubted when it is this much late.
inline constexpr Duration kBeat = core::CanaryWatch::kPeriod;
inline constexpr Duration kBeatLate = core::CanaryWatch::kTolerance;

// A client at the end of a step.
struct Moment {
  MonoTime at{};
  int life = 0;                           // of the server
  std::optional<MonoTime> serving_since;  // in that life
  const Line* line = nullptr;             // that its process spoke on last; may be null
  bool has_stream = false;                // that one, or others that wait beside it
  // Of that line.
  MonoTime last_arrival{};
  std::optional<MonoTime> closed;
  bool closed_by_itself = false;
  std::optional<MonoTime> first_unread;
  bool hidden_unread = false;  // where no look at its session's connection can see it
  bool frozen = false;         // nothing is read
  // The incarnation whose token a hello of this life has brought; 0: none.
  std::uint64_t came_back = 0;
  std::vector<core::Cause> condemned;

  // True if its server knows it only from an earlier life.
  bool orphaned() const { return line == nullptr || line->life != life; }
};

// Not thread-safe.
class Truth {
 public:
  Truth() = default;
  // Parts lines from sessions: a session holds its stream, and that its line.
  ~Truth();
  Truth(const Truth&) = delete;
  Truth& operator=(const Truth&) = delete;

  // A new stream, unbound.
  std::shared_ptr<Line> NewLine(std::string client_id, std::string instance_id);
  // `line` was welcomed: it speaks for its client from now on.
  void Bind(const std::shared_ptr<Line>& line);
  // True if a stream whose hello names `token` will wait beside the one that its session is bound to.
  bool WillStandBy(const Line& line, std::optional<std::uint64_t> token) const;
  // It was welcomed, and does: a sign of life of its session.
  void StandBy(const std::shared_ptr<Line>& line);
  bool StandsBy(const Line& line) const;
  // Its process speaks on it. REQUIRES: it stands by.
  void TakeOver(const Line& line);
  // Its close was read. REQUIRES: it stands by or speaks.
  void Close(Line& line, MonoTime now, bool for_our_sake);
  bool HasStream(std::string_view client_id) const;
  // The incarnation has ended: its streams are stale.
  void End(std::string_view client_id, std::uint64_t incarnation);

  // The stream that its process spoke on last; null if there was none.
  const Line* Current(std::string_view client_id) const;
  // False for a stream whose events must change nothing.
  bool Speaks(const Line& line) const;
  // When the oldest message of this process came that waits in a socket of ours.
  std::optional<MonoTime> FirstUnread(std::string_view client_id, std::string_view instance_id) const;
  // True if something of it waits where no look at its session's connection can
  // see it: in another connection than the one that the session is bound to.
  bool HasHiddenUnread(std::string_view client_id, std::string_view instance_id) const;

  // No-op if one is under way.
  void BeginStall(MonoTime from) {
    if (stalls_.empty() || stalls_.back().to != MonoTime::max()) stalls_.push_back({from, MonoTime::max()});
  }
  // The detector has run again. REQUIRES: a stall began and has not ended.
  void EndStall(MonoTime to) { stalls_.back().to = to; }
  // The detector runs, and nothing is read.
  void BeginFreeze(MonoTime from) { freezes_.push_back({from, MonoTime::max()}); }
  void EndFreeze(MonoTime to) { freezes_.back().to = to; }
  // Nothing is read, or was not until a moment ago.
  bool IsFrozen(MonoTime now) const { return !freezes_.empty() && freezes_.back().to >= now - kPeriod; }
  // A freeze that the canary may not have noticed touched that span.
  bool HasUnnoticedFreeze(MonoTime from, MonoTime to) const;
  Duration MostUptime(MonoTime from, MonoTime to) const;
  Duration LeastUptime(MonoTime from, MonoTime to) const;

  // What somebody does in this step to a client on purpose: such an end needs no silence.
  void Condemn(std::string_view client_id, core::Cause cause) { condemned_.emplace(client_id, cause); }
  bool Condemned(std::string_view client_id, core::Cause cause) const {
    return condemned_.contains({std::string(client_id), cause});
  }
  void Absolve() { condemned_.clear(); }

  // The server is killed: its streams and what waited in them are gone.
  void Die(MonoTime now);
  // It runs again, as its next life.
  void Live() { life_ = ++lives_; }
  // It can be reached again.
  void Serve(MonoTime now);
  int life() const { return life_; }
  // Since when it serves in this life; nothing while it does not.
  std::optional<MonoTime> serving_since() const { return serving_since_; }
  // A hello brought the token of that incarnation.
  void CameBack(const Line& line, std::uint64_t incarnation);

  // The wall clock shows `offset` more than the monotonic one from now on.
  void SetWall(MonoTime now, Duration offset) { walls_.push_back({now, offset}); }
  // When a transition that is told now was decided.
  MonoTime Decided(const core::Transition& told, MonoTime now) const;
  // At the end of each step.
  void Record(MonoTime now);
  // As it was at `when`: of each step at that time. Of now if nothing was recorded yet.
  std::vector<Moment> At(std::string_view client_id, MonoTime when) const;

  // Its process counts on that session until then; MonoTime::min(): it does not.
  void Believes(const std::string& client_id, std::uint64_t incarnation, MonoTime until) {
    beliefs_[{client_id, incarnation}] = until;
  }
  MonoTime BelievedUntil(std::string_view client_id, std::uint64_t incarnation) const {
    const auto known = beliefs_.find({std::string(client_id), incarnation});
    return known == beliefs_.end() ? MonoTime::min() : known->second;
  }

  // What the server grants after a restart.
  Duration restart_grace{};
  // How long a change may take from its decision until it is told, while the server runs; and a hello, of
  // which as many may wait for one another as a server lets one client have.
  Duration commit_slack{};
  Duration hello_slack{};

  // Every incarnation that was ever welcomed.
  const std::set<std::pair<std::string, std::uint64_t>>& incarnations() const { return incarnations_; }

 private:
  struct Stall {
    MonoTime from;
    MonoTime to;
  };
  static bool IsNoticed(const Stall& freeze, MonoTime to);
  // From when on a freeze that is noticed is credited for certain.
  MonoTime CreditedFrom(const Stall& freeze) const;
  struct Client {
    std::vector<std::shared_ptr<Line>> lines;
    std::shared_ptr<Line> current;
    std::vector<std::shared_ptr<Line>> standbys;  // in the order of their welcomes
    std::uint64_t ended = 0;                      // the last incarnation that has
    std::uint64_t came_back = 0;
    std::vector<Moment> moments;
  };
  struct Wall {
    MonoTime from;
    Duration offset;
  };
  bool HasStream(const Client& client) const;
  Moment Now(const std::string& client_id, const Client& client, MonoTime now) const;

  std::map<std::string, Client, std::less<>> clients_;
  std::vector<Stall> stalls_;
  std::vector<Stall> freezes_;
  std::set<std::pair<std::string, core::Cause>> condemned_;
  std::set<std::pair<std::string, std::uint64_t>> incarnations_;
  std::map<std::pair<std::string, std::uint64_t>, MonoTime> beliefs_;
  std::vector<Wall> walls_;
  int lines_ = 0;
  int life_ = 0;  // kNoLife while it is down
  int lives_ = 0;
  std::optional<MonoTime> serving_since_ = MonoTime::min();
};

}  // namespace liveness::simulation
