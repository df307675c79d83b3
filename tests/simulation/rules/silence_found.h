// Invariant 2: silence is always found, and in time.
//
// Whatever a client, the network or a watcher does: no record may look live
// when its client was not heard for timeout + grace of the time in which we
// ran. The bound is computed from when the script's messages were read and
// from the stalls that the script made, never from the registry's deadlines.
// What is added is what a healthy detector may be late.
//
//   ALIVE    at most the timeout since the last message was read
//   SUSPECT  at most the grace since the suspicion was told
//   either   at most both since the last message was read
//
// An orphan, whom the server knows from before its restart, is ALIVE no longer
// than it takes to look at all of them, and gone after max(timeout,
// restart_grace). To all this comes what the store may take to commit.
//
// And the second speed: a stream that closed while we were well (no stall in
// the last timeout, so nobody had reason to give us up) is SUSPECT at once.
#pragma once

#include <map>
#include <string>

#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {

class SilenceFound final : public Checker {
 public:
  // For what a death may wait beyond the grace; each has its own bound.
  struct Holds {
    bool gathering = false;  // others of its scopes are falling
    bool doubt = false;      // nearly everyone has
  };
  explicit SilenceFound(const Truth& truth) : truth_(truth) {}
  SilenceFound(const Truth& truth, const Holds& holds) : truth_(truth), holds_(holds) {}
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;
  void OnShown(const std::vector<core::RecordPtr>& records, MonoTime now) override;

 private:
  // The longest time as SUSPECT.
  Duration Patience(Duration least, Duration timeout) const;
  void CheckLive(const core::ClientRecord& record, const Line& line, MonoTime now);
  void CheckOrphan(const core::ClientRecord& record, MonoTime now);

  const Truth& truth_;
  const Holds holds_;
  struct Begun {
    std::uint64_t incarnation = 0;
    MonoTime at{};
  };

  std::map<std::string, MonoTime, std::less<>> suspect_since_;
  std::map<std::string, Begun, std::less<>> begun_;  // since when each client's last stream is told of
};

}  // namespace liveness::simulation
