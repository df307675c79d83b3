// Tells others of transitions: the hooks of this server, each at its own pace.
//
//   registry: history, and a watch that rings --> a runner a hook --> Delivery --> receivers
//   store: notes, how far each hook has come ----------^
//
// Each transition that is committed, and each group event, is sent to each hook that wants it, in order and
// at least once, also over a restart: a hook that has no note yet begins at the present, any other where its
// note says. A note is written ten times a second, or once 64 events were taken, and durable soon after: what
// came since is sent again after a crash. A hook keeps its place by its name, also while it is not
// configured.
//
// Of the servers that share a store one sends (storage::Notes). When it is lost another goes on from the
// notes.
//
// One thread of its own does all of that; it reads history, maybe from a disk, in short looks. Thread-safe,
// but for Configure and Stop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/hooks/delivery.h"
#include "server/hooks/hook_config.h"
#include "server/hooks/hook_state.h"
#include "server/hooks/kept_groups.h"
#include "server/hooks/runner.h"
#include "server/registry/registry.h"
#include "server/registry/watch/watch.h"
#include "server/storage/notes/notes.h"

namespace liveness::hooks {

class Hooks {
 public:
  // How long a stop waits for what is on its way.
  static constexpr common::Duration kStopPatience = std::chrono::seconds(1);
  static constexpr common::Duration kNotesPace = std::chrono::milliseconds(100);
  static constexpr std::uint64_t kNotesEvents = 64;

  struct Parts {
    registry::Registry& registry;
    storage::Notes& notes;
    const common::Clock& clock;
    std::function<double()> random;                         // see Retry
    std::function<void(bool bad, const std::string&)> log;  // for an operator; any thread
  };
  // All of `parts` outlives it. Made before the store is started: what is told from then on is told by hooks.
  Hooks(const Parts& parts, std::unique_ptr<Delivery> delivery);
  // Stops.
  ~Hooks();

  // These from now on. A hook that is as it was is not disturbed. After the store was started.
  void Configure(std::vector<HookConfigPtr> hooks);
  // Before the store and the registry's publisher stop. Waits for what is on its way, and for what is then
  // still not taken no longer.
  void Stop();

  // In the order of their names; some milliseconds old at most. Of a server that does not lead: the names.
  std::vector<HookState> States() const;

 private:
  // What others want of the thread. Shared with who may call late: the registry, after the watch is gone.
  class Mail {
   public:
    struct Letters {
      std::vector<std::pair<std::string, Outcome>> outcomes;
      std::optional<std::vector<HookConfigPtr>> hooks;  // nothing: as they are
      bool stop = false;
      bool woken = false;
    };
    void Wake();
    void Put(std::string hook, Outcome outcome);
    void Put(std::vector<HookConfigPtr> hooks);
    void Stop();
    // What has come, after waiting for something until then.
    Letters Take(const common::Clock& clock, common::MonoTime until);

   private:
    common::Mutex mu_;
    common::CondVar changed_;
    Letters letters_ ABSL_GUARDED_BY(mu_);
  };
  struct Running {
    std::unique_ptr<Runner> runner;
    HookConfigPtr given;             // as it was told, or the same
    std::uint64_t term = 0;          // in which it began
    bool ends = false;               // once its attempt has; what is configured then begins anew
    Position noted;                  // in the last note
    std::uint64_t noted_popped = 0;  // events popped by then
    common::MonoTime noted_at{};
  };

  void Run();
  // False: stop.
  bool TakeMail(common::MonoTime until);
  void TakeOutcomes(std::vector<std::pair<std::string, Outcome>> outcomes);
  void TakeConfigured(std::vector<HookConfigPtr> hooks);
  // Makes what runs what is configured and this server's term allows.
  void Reconcile();
  void Begin(const HookConfigPtr& hook);
  void FollowRegistry();
  common::MonoTime StepAll();
  void Note(const std::string& name, Running& running, bool now);
  void NoteAll(bool now);
  void End();
  // Of States(), at most some times a second. When to call it again.
  common::MonoTime TellStates(common::MonoTime next);

  const Parts parts_;
  const std::string history_id_;
  const std::unique_ptr<Delivery> delivery_;
  const std::shared_ptr<Mail> mail_ = std::make_shared<Mail>();

  // The thread's.
  KeptGroups groups_;
  const Runner::Parts runner_parts_;
  std::map<std::string, HookConfigPtr> configured_;
  std::map<std::string, Running> running_;
  std::shared_ptr<registry::Watch> watch_;  // null without hooks
  common::MonoTime watch_again_{};          // it could not be had
  bool standing_ = false;
  std::uint64_t term_ = 0;
  Runner::News news_;
  common::MonoTime told_at_{};  // when states_ was written

  mutable common::Mutex mu_;
  std::vector<HookState> states_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace liveness::hooks
