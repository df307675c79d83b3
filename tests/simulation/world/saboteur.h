// What a test may break between the registry and the checkers, to see them
// complain. By default nothing.
#pragma once

#include <vector>

#include "server/registry/records/types.h"
#include "server/registry/watch/watch.h"
#include "server/storage/store.h"
#include "tests/simulation/random.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::simulation {

class Saboteur {
 public:
  virtual ~Saboteur() = default;
  // When the registry is told that a message was read.
  virtual MonoTime ReadAt(MonoTime now) { return now; }
  // True: an event of a stale stream is handed over as if its stream spoke for the client.
  virtual bool ForgesAttachment() { return false; }
  // Of streams that stand by. True: the close of one is handed over as its session's, or to nobody; the
  // session is not bound to the one that its client speaks on.
  virtual bool TakesStandbyForSession() { return false; }
  virtual bool LosesStandbysClose() { return false; }
  virtual bool ForgetsToTakeOver() { return false; }
  // True: what waits in a socket is not shown to who looks at it.
  virtual bool HidesUnread() { return false; }
  // True: the canary says that it is heard while nobody is.
  virtual bool LiesForTheCanary() { return false; }
  // The server's options, of which the checkers know the true ones.
  virtual void Configure(registry::RegistryOptions&) {}
  // True: a hello is lost on its way to the registry; a server that starts does not say that it serves.
  virtual bool SwallowsHello() { return false; }
  virtual bool ForgetsToServe() { return false; }
  // What a restarted server finds on its disk; the disk while it is down.
  virtual void Loaded(storage::Contents&) {}
  virtual void Killed(testing::Ledger&) {}
  // The incarnation that a stream is welcomed under.
  virtual std::uint64_t WelcomedAs(std::uint64_t incarnation) { return incarnation; }
  // For how long a stream's welcome or pong vouches.
  virtual Duration Vouches(Duration vouched_for) { return vouched_for; }
  // What the registry told in a step; what a query showed; what a watcher pulled.
  virtual void Told(std::vector<core::TransitionPtr>&) {}
  virtual void Shown(std::vector<core::RecordPtr>&) {}
  virtual void Pulled(registry::WatchItem&) {}
};

}  // namespace liveness::simulation
