// Who is who, and who may do what, on this server.
//
// A call shows a token (`authorization: Bearer ...`), else a client certificate, else nothing. A token or a
// certificate that does not hold ends the call: it never makes an anonymous one of it. All that decides is
// one snapshot, replaced as a whole: what was let in by the one before is asked about again
// (Gate::generation).
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/auth/action.h"
#include "server/auth/audit/audit_log.h"
#include "server/auth/call_gate.h"
#include "server/auth/certificate_identity.h"
#include "server/auth/guess_limit.h"
#include "server/auth/revocation_list.h"
#include "server/auth/rules/rules.h"
#include "server/auth/token_file.h"

namespace liveness::auth {

// By what it is decided.
struct AccessPolicy {
  CertificateRules certificates;
  RevocationList revoked;
  Tokens tokens;
  Rules rules;
  bool has_rules = false;  // `rules` are an operator's own, and alone decide
  // Who calls over a Unix socket is kUnixPrincipal, whom the file system let in; false: anonymous.
  bool names_unix_peers = false;
  // What an anonymous caller may do at most; without rules of an operator's: whoever else there is, too.
  Actions anonymous;
};

class Access final : public CallGate {
 public:
  struct Options {
    std::shared_ptr<AuditLog> audit = nullptr;  // takes refusals; null: they are not kept
    int max_bad_tokens = 0;                     // of one address in a minute (guess_limit.h); 0: no limit
  };

  // `clock` outlives it.
  Access(const common::Clock& clock, AccessPolicy policy, Options options);
  Access(const common::Clock& clock, AccessPolicy policy) : Access(clock, std::move(policy), Options()) {}

  // From now on. Then the engine is to be told (Engine::OnGateChanged).
  void Replace(AccessPolicy policy);
  // True if a token has expired since this was last asked, or the policy replaced: then what was let in is
  // to be asked about again.
  bool HasExpired();

  // UNAUTHENTICATED: those of IdentifyCertificate(), CERTIFICATE_REVOKED, BAD_TOKEN, TOKEN_EXPIRED.
  absl::StatusOr<CallerPtr> Identify(const Shown& shown, std::string address) const override;
  absl::StatusOr<CallerPtr> Identify(const grpc::ServerContext& context) const override;
  absl::Status May(const Caller& caller, Action action) const override;
  absl::Status MayBeat(const Caller& caller, std::string_view client_id) const override;
  absl::Status Refuse(Refusal refusal) const override;
  GuessLimit::Figures guesses() const { return guesses_.figures(); }
  // What a call within the process shows (common/grpc/asked_by.h).
  const std::string& secret() const { return secret_; }
  // As Identify() has somebody who proved to be `principal`.
  CallerPtr CallerOf(std::string principal, std::string address) const {
    return MakeCaller(*Now(), std::move(principal), std::move(address));
  }
  // Whether `act` is allowed, and by which rule; of kBeat, under `client_id`.
  Decision Explain(const Caller& caller, Action act, std::string_view client_id) const;
  std::uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }

 private:
  // What one principal may do, whatever the id and the client.
  struct Grants {
    Actions actions;
    core::Filter view;
  };
  struct Snapshot {
    AccessPolicy policy;
    std::uint64_t generation = 0;
    mutable common::Mutex mu;
    mutable absl::flat_hash_map<std::string, std::shared_ptr<const Grants>> grants ABSL_GUARDED_BY(mu);
  };
  using SnapshotPtr = std::shared_ptr<const Snapshot>;

  SnapshotPtr Now() const;
  absl::StatusOr<std::string> PrincipalOf(const Snapshot& snapshot, const Shown& shown) const;
  static CallerPtr MakeCaller(const Snapshot& snapshot, std::string principal, std::string address);
  static std::shared_ptr<const Grants> GrantsOf(const Snapshot& snapshot, const std::string& principal);
  static Grants Work(const AccessPolicy& policy, const std::string& principal);

  const common::Clock& clock_;
  const std::string secret_;
  const std::shared_ptr<AuditLog> audit_;
  mutable GuessLimit guesses_;
  std::atomic<std::uint64_t> generation_{1};
  mutable common::Mutex mu_;
  SnapshotPtr snapshot_ ABSL_GUARDED_BY(mu_);
  std::optional<common::WallTime> next_expiry_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::auth
