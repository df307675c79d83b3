// How a stream gets its session: a new one, its own again, or a place beside the stream of its own.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "common/clock.h"
#include "server/core/record/record.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/life/deadlines.h"
#include "server/registry/life/hello_check.h"
#include "server/registry/life/lifecycle.h"
#include "server/registry/life/stalls.h"
#include "server/registry/records/types.h"
#include "server/storage/store.h"

namespace liveness::registry {

class Admission {
 public:
  // All arguments but `contents` outlive the object. `contents`: what the store held when this process began.
  Admission(const RegistryOptions& options, const common::Clock& clock, storage::Store& store,
            const storage::Contents& contents, Conditions& conditions, Ledger& ledger,
            const Deadlines& deadlines, const Stalls& stalls, Lifecycle& lifecycle);

  // See Registry::Attach: OK if `done` will be called.
  absl::Status Attach(HelloRequest hello, const AttachDone& done, Effects& effects);
  // The client speaks on a stream that waited as a standby: the session is bound to that. False if it was
  // none.
  bool TakeStandby(const std::shared_ptr<Session>& session, std::uint64_t attachment, Effects& effects);

 private:
  void Begin(const HelloRequest& hello, const std::shared_ptr<Session>& known, const AttachDone& done,
             Effects& effects);
  // `known`, the client's entry, makes room for a session that begins. If it lives it is superseded; if it
  // was wrongly held for dead, that is counted in `mistakes`, which are the new session's.
  void SetAside(const std::shared_ptr<Session>& known, const HelloRequest& hello, core::MonoTime now,
                core::Mistakes& mistakes, Effects& effects);
  void Resume(const HelloRequest& hello, const std::shared_ptr<Session>& session, std::uint64_t attachment,
              const AttachDone& done, Effects& effects);
  void StandBy(HelloRequest hello, const std::shared_ptr<Session>& session, const AttachDone& done,
               Effects& effects);
  // The session's stream is that of the hello from now on.
  static void Bind(Session& session, const HelloRequest& hello, std::uint64_t attachment, core::MonoTime now);
  // The answer to a hello whose stream is bound, or waits. The incarnation is not in the answer yet.
  Attached AnswerTo(const HelloRequest& hello, const std::shared_ptr<Session>& session,
                    std::uint64_t attachment, core::MonoTime now) const;

  const RegistryOptions& options_;
  const common::Clock& clock_;
  const std::shared_ptr<const std::string> server_id_;
  Timers& timers_;
  const StoreHealth& store_health_;
  Ledger& ledger_;
  const Deadlines& deadlines_;
  const Stalls& stalls_;
  Lifecycle& lifecycle_;
  HelloCheck check_;
};

}  // namespace liveness::registry
