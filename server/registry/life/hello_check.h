// Whether a hello is taken, and as what: of a session that begins, that goes on, or that has one more stream
// beside its own. Changes nothing of any client.
//
// HelloCheck also knows whether the store has lost a part of its past: a client may hold an authentic token
// of a session that the store knows nothing of. Sessions of before this process may then have been followed
// by others, and are not resumed (docs/adr/0020-ways-back-in-time.md).
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "server/core/record/hello_judgement.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/life/lifecycle.h"
#include "server/registry/records/types.h"
#include "server/storage/store.h"

namespace liveness::registry {

enum class HelloAnswer : std::uint8_t { kBegins, kResumes, kStandsBy };

class HelloCheck {
 public:
  // All arguments but `contents` outlive the object. `contents`: what the store held when this process began.
  HelloCheck(const RegistryOptions& options, storage::Store& store, const storage::Contents& contents,
             Conditions& conditions, const Ledger& ledger, const Lifecycle& lifecycle);

  // `known`: the client's entry; null if there is none. Errors: Registry::Attach's.
  absl::StatusOr<HelloAnswer> Check(const HelloRequest& hello, const Session* known, Effects& effects);
  core::HelloJudgement Judge(const HelloRequest& hello, const Session* known) const;

 private:
  // An authentic token names this incarnation: notices if the store is no longer what it was when it gave the
  // incarnation out.
  void HeedToken(std::uint64_t incarnation, const Session* known, Effects& effects);
  void NotePastLost(std::uint64_t incarnation, Effects& effects);
  absl::Status Refusal(const HelloRequest& hello, const Session* known, bool resumes) const;
  // Why the store takes no change of the client now; OK if it does.
  absl::Status StoreRefusal(const Session* known) const;
  bool Resumes(const HelloRequest& hello, const Session* known) const;
  bool MayStandBy(const HelloRequest& hello, const Session& session) const;

  const RegistryOptions& options_;
  storage::Store& store_;
  const StoreHealth& store_health_;
  const Ledger& ledger_;
  const Lifecycle& lifecycle_;
  // Nothing in (known_until_, began_after_] is known to the store that this process began with.
  const std::uint64_t known_until_;
  const std::uint64_t began_after_;
  bool past_lost_ = false;
};

}  // namespace liveness::registry
