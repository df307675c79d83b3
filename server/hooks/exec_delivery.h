// Delivery to a command: one process an event (command_run.h), and one thread that watches over all of them.
// Exit code 0 is "taken". What runs longer than its hook's timeout is killed with its group.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/clock.h"
#include "server/hooks/command_run.h"
#include "server/hooks/delivery_thread.h"

namespace liveness::hooks {

class ExecDelivery final : public DeliveryThread {
 public:
  // How long Stop() waits for what was killed: the kernel may not let go of a process that waits for a disk.
  static constexpr common::Duration kLastWait = std::chrono::seconds(2);

  // `clock` outlives it.
  explicit ExecDelivery(const common::Clock& clock);
  // As Stop().
  ~ExecDelivery() override;

 private:
  struct Job {
    std::unique_ptr<CommandRun> run;
    Done done;
    common::Duration timeout;
    common::MonoTime deadline;
    std::optional<Outcome> killed;  // what is said once it has ended
  };
  using Jobs = std::map<std::string, Job>;  // by hook

  void Run() override;
  void Wake() override;
  void Begin(Command command);
  static void Kill(Job& job, Outcome outcome);
  // Calls `done` of those that ended; true if there were any.
  bool Advance();
  void Wait();
  void KillAll();

  const common::Clock& clock_;
  const int wake_;
  Jobs jobs_;  // the thread's
};

}  // namespace liveness::hooks
