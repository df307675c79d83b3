// What deliveries have in common: one thread that does what it is told, in the order in which it was told. It
// starts with the first Send().
//
// Thread-safe, but for what is the thread's.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/mutex.h"
#include "server/hooks/delivery.h"

namespace liveness::hooks {

class DeliveryThread : public Delivery {
 public:
  void Send(HookConfigPtr hook, EventPtr event, Done done) final;
  void Cancel(const std::string& name) final;
  void Stop() final;

 protected:
  struct Command {
    std::string cancelled;  // the name of a hook; empty: send
    HookConfigPtr hook;
    EventPtr event;
    Done done;
  };
  // What was told since the last call, for the thread. `stopped`: nothing more will be.
  struct Told {
    std::vector<Command> commands;
    bool stopped = false;
  };
  Told Take();

  // The thread: returns once Take() says that it is stopped and each `done` was called.
  virtual void Run() = 0;
  // There is something to take. From any thread, with a lock held.
  virtual void Wake() = 0;

 private:
  // False after the end: `command` is left as it was.
  bool Tell(Command& command);

  common::Mutex mu_;
  std::thread thread_ ABSL_GUARDED_BY(mu_);
  std::vector<Command> commands_ ABSL_GUARDED_BY(mu_);
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace liveness::hooks
