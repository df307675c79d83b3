// Clients that this server does not serve: other servers' (of a shared store), and those
// that nobody serves any more, because their server went or this one has just started.
//
// The latter, orphans, are SUSPECT (SERVER_LOST) for max(timeout, restart_grace), and DEAD
// (NOT_RETURNED) if they have not come to any server by then. In a cluster every server
// watches over them; the first in the order of their ids acts, the next only if it has not
// done so half a second later, and the store lets one of them win.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/life/deadlines.h"
#include "server/registry/life/lifecycle.h"

namespace liveness::registry {

class Orphans {
 public:
  // All arguments outlive the object.
  Orphans(const common::Clock& clock, Conditions& conditions, Ledger& ledger, const Deadlines& deadlines,
          Lifecycle& lifecycle);

  static bool IsOrphan(const Session& session) {
    return session.state().extras != nullptr && session.state().extras->orphaned;
  }

  // This server can be reached from now on.
  void BeginServing(Effects& effects);
  // These servers are there now.
  void SetServers(const std::vector<std::string>& server_ids, Effects& effects);

  // Does a slice of the search for clients whose server has gone, or is back, if one is under way. REQUIRES:
  // this server is not shutting down.
  void Search(core::MonoTime now, Effects& effects);
  // Arms what a session wants that is not ours: to be forgotten, or to be taken for an orphan.
  void ArmUnserved(const std::shared_ptr<Session>& session, Effects& effects);
  // REQUIRES, of both: the session is an orphan.
  void Suspect(const std::shared_ptr<Session>& session, core::MonoTime now, Effects& effects);
  void Bury(const std::shared_ptr<Session>& session, core::MonoTime now, Effects& effects);

 private:
  void BeginSearch(Effects& effects);
  // Nobody serves the session, since `since`; the session becomes SUSPECT after `wait`.
  void MakeOrphan(const std::shared_ptr<Session>& session, core::MonoTime since, core::Duration wait,
                  Effects& effects);

  const common::Clock& clock_;
  Timers& timers_;
  const StoreHealth& store_health_;
  Roster& roster_;
  Ledger& ledger_;
  const Deadlines& deadlines_;
  Lifecycle& lifecycle_;

  bool serving_ = false;
  // Where the search goes on; nullopt: it is done.
  std::optional<std::string> cursor_;
  core::MonoTime since_{};  // when the last search began: what it finds is orphaned since then
};

}  // namespace liveness::registry
