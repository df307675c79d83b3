// What befalls the server: it stands, is frozen, is killed and starts again. Not thread-safe.
//
// A server that is killed loses its connections and what waited in them, and what its store had not
// committed. While it is down, who connects is refused. Its next life finds what was committed, and the
// processes come back to it with their tokens, the watchers with their revisions.
#pragma once

#include "tests/simulation/random.h"
#include "tests/simulation/world/parts.h"

namespace liveness::simulation {

class ServerLife {
 public:
  explicit ServerLife(const Parts& parts) : parts_(parts) {}

  // Its canary answers, now and then not.
  void PlanCanary();
  // Nothing of it runs for `span`.
  void Stall(Duration span);
  // Its detector runs and nothing is read for `span`.
  void Freeze(Duration span);
  // It is killed, and started again after `down`. No-op without a durable store.
  void Kill(Duration down);
  // Whatever has befallen it is over.
  void Recover();

 private:
  void Resume();  // after a stall
  void Thaw();    // after a freeze
  void Start();
  void Serve();

  const Parts& parts_;
};

}  // namespace liveness::simulation
