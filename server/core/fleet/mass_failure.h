// Mass failure: many that have something in common fall within one window.
//
// A host that loses its power is one event, not a hundred. For each scope (a host, a
// subnet, a value of a chosen label, everyone; see scopes.h) this counts the members
// and those of them that fell lately, and tells once when their share is passed: as
// soon as it is, so that whoever is about to be woken by the first death knows already
// that it is not about one client.
//
// An example: host db-7 has 12 members, share 0.5, window 10 s. The power goes at 0 ms.
//
//   ms        8   9  11  12  12  14    15         16 ... 21      1008
//   falls     1   2   3   4   5   6     7          8 ... 12      deaths begin
//   7 of 12 is more than half: "host=db-7: 7 of 12", once
//
// Exactly how it counts:
//   - a fall is a step from up to down (standing.h): ALIVE to SUSPECT, or to DEAD at
//     once. It counts for `window` from then on. It is taken out before that if the
//     client is back (its suspicion was refuted, or it began anew) or turns out to be
//     away (it said goodbye, was evicted, is in maintenance);
//   - members are those that are ALIVE or SUSPECT, and those that died of a fall that
//     still counts: else every death would raise the share of the others;
//   - a scope of fewer than `min_members` tells nothing;
//   - once told, a scope tells again only after its share was at most half of
//     `share`: falls that grow old and clients that come back both lead there. What
//     goes on falling without a pause is one episode, however long.
//
// Cost: some map look-ups per transition of state, and nothing per heartbeat; no call
// walks what has grown old at one moment, be it a whole fleet: each scope counts by
// the millisecond (fall_counts.h), and of the clients' own entries each call drops a
// few. Memory: a counter per scope with a member, and an entry per client that fell
// within the window or waits to be dropped. No timer: what has grown old counts no
// longer at the next question, and a fall is dated to its millisecond.
//
// Not thread-safe. Time must not go back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "common/clock.h"
#include "server/core/fleet/fall_counts.h"
#include "server/core/fleet/group_event.h"
#include "server/core/fleet/voices.h"
#include "server/core/record/record.h"

namespace liveness::core {

class MassFailure {
 public:
  struct Options {
    Duration window = std::chrono::seconds(10);
    double share = 0.5;  // told when more than this share fell; 1: never
    std::int64_t min_members = 10;
    std::vector<std::string> labels;  // keys, at most kMaxGroupLabels
  };

  // How long a death waits for the falls of others that may be on their way.
  static constexpr Duration kSettle = std::chrono::milliseconds(50);
  // How long it waits at most, while they come.
  static constexpr Duration kLongestWait = std::chrono::seconds(1);

  explicit MassFailure(Options options);

  // A client's record became `after`, at `now`; `before` is null if it was not known.
  // An event for each scope whose share is passed by that, without revision and time.
  GroupEvents Changed(const ClientRecord* before, const ClientRecord& after, MonoTime now);

  // A member that is SUSPECT since `since` is due for its death. Nothing: it may be
  // told. Else when to ask again: members of its scopes are falling, fast enough to
  // pass the share soon, and the event must come before any death. Only a grace
  // below kLongestWait ever notices: kSettle for a single fall, more under a storm.
  std::optional<MonoTime> HoldUntil(const ClientRecord& record, MonoTime since, MonoTime now);

  struct Tally {
    std::int64_t fallen = 0;
    std::int64_t members = 0;
    // By voices.h; falls that have grown old are taken out of it a few a call.
    std::int64_t beside_the_largest_voice = 0;
    double fallen_voices = 0;
  };
  Tally Everyone(MonoTime now);

  const Options& options() const { return options_; }
  // How many events were told.
  std::int64_t event_count() const { return event_count_; }
  // Scopes and falls that are kept: what bounds the memory.
  std::size_t scope_count() const { return scopes_.size(); }
  std::size_t fall_count() const { return falls_.size(); }

 private:
  // What a scope has while a fall of it is kept.
  struct Episode {
    FallCounts counts;
    MonoTime refreshed_at = MonoTime::min();
    std::int64_t kept = 0;  // falls that name this scope, also those that have grown old
    bool told = false;
    // Falls in the current span of kSettle and in the one before.
    MonoTime span_began{};
    std::int64_t in_span = 0;
    std::int64_t in_last_span = 0;
  };
  struct Scope {
    std::int64_t live = 0;
    std::unique_ptr<Episode> episode;  // null for most
  };
  // A map, because an entry must keep its address for as long as it exists.
  using Scopes = std::map<std::string, Scope, std::less<>>;
  using Entry = Scopes::value_type;
  struct Fall {
    std::string client_id;
    MonoTime at;  // a slot of FallCounts
    bool gone = false;
    std::vector<Entry*> scopes;
    std::string voice;
  };
  using Falls = std::list<Fall>;

  // These change the counters of scopes, and note in touched_ which scopes.
  void Join(const ClientRecord& record, MonoTime now);
  void Part(const ClientRecord& record, MonoTime now);
  Fall& Add(const ClientRecord& after, MonoTime now);
  // A client that is down has another record.
  void Update(Fall& fall, const ClientRecord* before, const ClientRecord& after, MonoTime now);
  void Remove(Falls::iterator fall, MonoTime now);
  void Charge(Fall& fall, const ClientRecord& record, MonoTime now);
  void Discharge(Fall& fall, MonoTime now);
  // Before a scope is looked at or changed: what has grown old in it counts no longer.
  void Refresh(Scope& scope, MonoTime now) const;
  // Lets the scope tell again if its share has come down far enough.
  void Rearm(Scope& scope) const;
  // Re-arms the touched scopes whose share has come down, and drops those that are empty.
  void ReviewTouched();

  // Drops some entries of clients whose fall has grown old: more of them than one call can add.
  void Sweep(MonoTime now);
  bool StillCounts(const Fall& fall, MonoTime now) const;
  GroupEvents Tell(const Fall& fall);
  static void CountPace(Episode& episode, MonoTime now);
  std::int64_t Members(const Scope& scope) const;
  bool Passed(const Scope& scope) const;
  // True if, at the present pace, its share will be passed within kLongestWait.
  bool IsGathering(const Scope& scope, MonoTime now) const;

  const Options options_;
  Scopes scopes_;
  Falls falls_;  // the oldest first, one a client
  absl::btree_map<std::string, Falls::iterator, std::less<>> fall_of_;
  Voices voices_;
  std::vector<Entry*> touched_;  // empty between calls
  std::int64_t event_count_ = 0;
};

}  // namespace liveness::core
