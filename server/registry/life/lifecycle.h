// What happens to a session: it is suspected, refutes, ends, and is forgotten.
//
// Each is a decision (ledger/ledger.h). What leads to them lies elsewhere: streams and operators call by way
// of registry.cc, silence is found by detection.h, a server that is gone by orphans.h.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/core/detection/scorecard.h"
#include "server/core/record/record.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/life/deadlines.h"
#include "server/registry/life/stalls.h"
#include "server/registry/records/types.h"

namespace liveness::registry {

class Lifecycle {
 public:
  // All arguments outlive the object.
  Lifecycle(const RegistryOptions& options, const common::Clock& clock, Conditions& conditions,
            Ledger& ledger, const Deadlines& deadlines, Stalls& stalls);

  // What becomes of a session that ends.
  struct Ending {
    core::State state = core::State::kUnspecified;  // kDead or kLeft
    core::Cause cause = core::Cause::kUnspecified;
    std::shared_ptr<core::Evidence> evidence;  // not null
    std::optional<core::Banned> ban = std::nullopt;
  };

  // True if a stream of this attachment still speaks for the session, and the session lives.
  bool IsCurrentStream(const Session& session, std::uint64_t attachment) const;
  std::shared_ptr<core::Evidence> EvidenceOf(const Session& session, core::MonoTime now) const;

  // The session is welcomed: its time begins.
  void StartDetection(Session& session, Effects& effects);
  // Sends the server's ping. REQUIRES: a stream is bound.
  void Probe(Session& session, core::MonoTime now, Effects& effects);
  void Suspect(const std::shared_ptr<Session>& session, core::MonoTime now, Effects& effects);
  // REQUIRES: it is SUSPECT.
  void Refute(const std::shared_ptr<Session>& session, Effects& effects);
  // Silence has lasted for the session's grace too: DEAD. REQUIRES: the session is SUSPECT.
  void DieOfSilence(const std::shared_ptr<Session>& session, core::MonoTime now, Effects& effects);
  // The session ends for good; its streams, if any, end with `why`.
  void End(const std::shared_ptr<Session>& session, Ending ending, const absl::Status& why, Effects& effects,
           CommitDone on_committed = nullptr);
  // Another server wrote the record of a session that this one serves; `before`: the record until then. What
  // this server knows of the session stands.
  void KeepOwn(const std::shared_ptr<Session>& session, const core::ClientRecord& before, Effects& effects);
  // REQUIRES: the client has ended.
  void Forget(const std::shared_ptr<Session>& session, Effects& effects, CommitDone on_committed = nullptr);
  // Forgets up to `most` of the oldest ended records beyond their bound; true if more can be forgotten soon.
  bool ForgetBeyondBound(std::size_t most, Effects& effects);
  // A client has ended: forgets some of the oldest ended records if there are too many.
  void MakeRoom(Effects& effects);

  // See Registry::StreamClosed.
  void TakeClose(const std::shared_ptr<Session>& session, std::uint64_t attachment, core::StreamEnd how,
                 const core::LinkEvidence& link, core::MonoTime ended_at, Effects& effects);
  // REQUIRES: IsCurrentStream.
  void SetLabels(const std::shared_ptr<Session>& session, core::Labels labels, Effects& effects);
  // REQUIRES: IsCurrentStream.
  void SayGoodbye(const std::shared_ptr<Session>& session, Goodbye goodbye, CommitDone on_committed,
                  Effects& effects);
  // See Registry::Evict and Forget: OK if `done` will be called.
  using ViewDone = std::function<void(absl::StatusOr<core::ClientView>)>;
  absl::Status Evict(std::string_view client_id, std::string_view reason, ViewDone done, Effects& effects);
  absl::Status ForgetNow(std::string_view client_id, ViewDone done, Effects& effects);

  // A suspicion of ours turned out wrong, or a death did, after `wrong_for`.
  void CountMistake(Session& session, core::Duration wrong_for);
  void CountMistakenDeath(core::Duration wrong_for) { scorecard_.mistaken_deaths.Add(wrong_for); }
  void CountDeath() { ++scorecard_.deaths; }
  core::Scorecard scorecard() const;

  // See the functions of these names in Registry; draining: BeginDrain and EndDrain.
  void SetDraining(bool draining) { draining_ = draining; }
  void BeginShutdown() { shutting_down_ = true; }
  bool shutting_down() const { return shutting_down_; }

 private:
  // For Decide(): gives `done` the record as it was committed.
  CommitDone ShowTo(ViewDone done, const Session& session) const;
  // OK if the client is known and the store can be told of a change.
  absl::Status CheckKnown(std::string_view client_id, const Session* session) const;
  // The cause in the verdict on `evidence`, which is given the verdict's confidence.
  core::Cause Judge(const Session& session, core::Evidence& evidence) const;

  const RegistryOptions& options_;
  const common::Clock& clock_;
  Timers& timers_;
  const Witness& witness_;
  const StoreHealth& store_health_;
  Figures& figures_;
  Ledger& ledger_;
  const Deadlines& deadlines_;
  Stalls& stalls_;

  core::Scorecard scorecard_;
  std::uint64_t next_probe_ = 1;
  bool draining_ = false;
  bool shutting_down_ = false;
};

}  // namespace liveness::registry
