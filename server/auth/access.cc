#include "server/auth/access.h"

#include <optional>
#include <utility>
#include <vector>

#include <grpc/grpc_security_constants.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "common/files/token.h"
#include "common/grpc/asked_by.h"
#include "common/openssl_ptr.h"
#include "common/random.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/auth/principal.h"
#include "server/core/record/principal_types.h"

namespace liveness::auth {
namespace {

// Principals whose grants are kept at hand; a fleet has hundreds.
constexpr std::size_t kMostKept = 10'000;

constexpr char kBadToken[] = "BAD_TOKEN";

absl::Status TooManyBadTokensError(common::Duration wait) {
  return common::WithRetryDelay(
      common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_BAD_TOKENS",
                    "too many tokens that this server does not know came from this address, and this is one"),
      wait);
}

absl::Status Unauthenticated(std::string_view reason, std::string_view why) {
  return common::Error(absl::StatusCode::kUnauthenticated, reason, why);
}

absl::Status NotAllowed(const Caller& caller, std::string_view what) {
  if (caller.principal.empty()) {
    return Unauthenticated(
        "NOT_AUTHENTICATED",
        common::StrCat("nobody may ", what, " here without a client certificate or a token"));
  }
  return common::Error(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
                       common::StrCat(common::Escape(caller.principal), " may not ", what));
}

std::string_view Metadata(const grpc::ServerContext& context, const char* key) {
  const auto at = context.client_metadata().find(key);
  if (at == context.client_metadata().end()) return {};
  return {at->second.data(), at->second.size()};
}

absl::StatusOr<std::string> FromCertificate(const AccessPolicy& policy, std::string_view pem) {
  const common::BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const common::CertificatePtr leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (leaf == nullptr)
    return Unauthenticated("CERTIFICATE_MALFORMED", "the client certificate does not parse");
  if (policy.revoked.Has(*leaf)) {
    return Unauthenticated("CERTIFICATE_REVOKED", "the client certificate was revoked");
  }
  return IdentifyCertificate(*leaf, policy.certificates);
}

absl::StatusOr<std::string> FromAuthorization(const AccessPolicy& policy, std::string_view authorization,
                                              common::WallTime now) {
  const std::optional<std::string_view> token = common::TokenOf(authorization);
  if (!token) return Unauthenticated(kBadToken, "`authorization` is not `Bearer TOKEN`");
  const Token* const known = policy.tokens.Find(*token);
  if (known == nullptr) return Unauthenticated(kBadToken, "the token is none that this server knows");
  if (known->expires && *known->expires <= now) {
    return Unauthenticated("TOKEN_EXPIRED", common::StrCat("the token ", known->name, " has expired"));
  }
  return TokenPrincipal(known->name);
}

}  // namespace

Access::Access(const common::Clock& clock, AccessPolicy policy, Options options)
    : clock_(clock),
      secret_(common::RandomHexId() + common::RandomHexId()),
      audit_(std::move(options.audit)),
      guesses_(options.max_bad_tokens) {
  Replace(std::move(policy));
}

void Access::Replace(AccessPolicy policy) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->policy = std::move(policy);
  common::MutexLock lock(mu_);
  next_expiry_ = snapshot->policy.tokens.NextExpiry(clock_.Wall());
  snapshot->generation = generation_.load(std::memory_order_relaxed) + 1;
  snapshot_ = std::move(snapshot);
  generation_.store(snapshot_->generation, std::memory_order_release);
}

bool Access::HasExpired() {
  common::MutexLock lock(mu_);
  const common::WallTime now = clock_.Wall();
  if (!next_expiry_ || now < *next_expiry_) return false;
  next_expiry_ = snapshot_->policy.tokens.NextExpiry(now);
  // The same once more, under another number: whoever compares numbers asks again.
  auto again = std::make_shared<Snapshot>();
  again->policy = snapshot_->policy;
  again->generation = snapshot_->generation + 1;
  snapshot_ = std::move(again);
  generation_.store(snapshot_->generation, std::memory_order_release);
  return true;
}

Access::SnapshotPtr Access::Now() const {
  common::MutexLock lock(mu_);
  return snapshot_;
}

// --- Who ---------------------------------------------------------------------

absl::StatusOr<CallerPtr> Access::Identify(const Shown& shown, std::string address) const {
  const SnapshotPtr snapshot = Now();
  absl::StatusOr<std::string> principal = PrincipalOf(*snapshot, shown);
  if (!principal.ok()) return principal.status();
  return MakeCaller(*snapshot, *std::move(principal), std::move(address));
}

absl::StatusOr<CallerPtr> Access::Identify(const grpc::ServerContext& context) const {
  std::string address = AddressOf(context);
  if (IsWithinProcess(context)) {
    const std::string_view secret = Metadata(context, common::kAskedSecretMetadata);
    if (secret.size() != secret_.size() ||
        CRYPTO_memcmp(secret.data(), secret_.data(), secret_.size()) != 0) {
      return Unauthenticated("NOT_AUTHENTICATED", "who seems to call from within this process does not");
    }
    std::string asked_as(Metadata(context, common::kAskedAsMetadata));
    return MakeCaller(*Now(), std::move(asked_as), std::move(address));
  }
  if (context.client_metadata().count(common::kAuthorization) > 1) {
    return Unauthenticated(kBadToken, "the call has several `authorization`");
  }
  Shown shown{.authorization = Metadata(context, common::kAuthorization)};
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  std::vector<grpc::string_ref> pem;
  if (peer != nullptr && peer->IsPeerAuthenticated()) {
    pem = peer->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    if (pem.empty())
      return Unauthenticated("CERTIFICATE_MALFORMED", "the client certificate is not to be had");
    shown.certificate = {pem.front().data(), pem.front().size()};
  }
  const bool is_unix = context.peer().starts_with("unix:");
  if (is_unix && shown.authorization.empty() && shown.certificate.empty()) {
    const SnapshotPtr snapshot = Now();
    if (snapshot->policy.names_unix_peers) {
      return MakeCaller(*snapshot, std::string(kUnixPrincipal), std::move(address));
    }
  }
  return Identify(shown, std::move(address));
}

absl::StatusOr<std::string> Access::PrincipalOf(const Snapshot& snapshot, const Shown& shown) const {
  if (!shown.authorization.empty()) {
    return FromAuthorization(snapshot.policy, shown.authorization, clock_.Wall());
  }
  if (!shown.certificate.empty()) return FromCertificate(snapshot.policy, shown.certificate);
  return std::string();
}

CallerPtr Access::MakeCaller(const Snapshot& snapshot, std::string principal, std::string address) {
  auto caller = std::make_shared<Caller>();
  caller->view = GrantsOf(snapshot, principal)->view;
  caller->generation = snapshot.generation;
  caller->principal = std::move(principal);
  caller->address = std::move(address);
  return caller;
}

// --- What --------------------------------------------------------------------

absl::Status Access::May(const Caller& caller, Action action) const {
  if (action == Action::kNone || GrantsOf(*Now(), caller.principal)->actions.Has(action))
    return absl::OkStatus();
  return NotAllowed(caller, Name(action));
}

absl::Status Access::MayBeat(const Caller& caller, std::string_view client_id) const {
  const SnapshotPtr snapshot = Now();
  const AccessPolicy& policy = snapshot->policy;
  const bool in_general = GrantsOf(*snapshot, caller.principal)->actions.Has(Action::kBeat);
  const bool is_open = !policy.has_rules && policy.anonymous.Has(Action::kBeat);
  if (in_general && (is_open || policy.rules.MayBeat(caller.principal, client_id).allowed))
    return absl::OkStatus();
  return NotAllowed(caller, "beat under this client_id");
}

absl::Status Access::Refuse(Refusal refusal) const {
  if (common::ReasonOf(refusal.why) == kBadToken) {
    const common::Duration wait = guesses_.Count(refusal.address, clock_.Mono());
    if (wait != common::Duration::zero()) refusal.why = TooManyBadTokensError(wait);
  }
  if (audit_ != nullptr) {
    audit_->Note({.principal = std::move(refusal.principal),
                  .address = std::move(refusal.address),
                  .action = std::string(Name(refusal.action)),
                  .target = std::move(refusal.target),
                  .outcome = AuditOutcome::kRefused,
                  .reason = common::ReasonOf(refusal.why),
                  .message = std::string(refusal.why.message())});
  }
  return std::move(refusal.why);
}

Decision Access::Explain(const Caller& caller, Action act, std::string_view client_id) const {
  const Rules& rules = Now()->policy.rules;
  Decision decision;
  if (act == Action::kBeat) {
    decision = rules.MayBeat(caller.principal, client_id);
  } else if (act == Action::kView) {
    decision = rules.ViewOf(caller.principal).decision;
  } else {
    decision = rules.MayAct(caller.principal, act);
  }
  decision.allowed = act == Action::kBeat ? MayBeat(caller, client_id).ok() : May(caller, act).ok();
  return decision;
}

std::shared_ptr<const Access::Grants> Access::GrantsOf(const Snapshot& snapshot,
                                                       const std::string& principal) {
  {
    common::MutexLock lock(snapshot.mu);
    const auto at = snapshot.grants.find(principal);
    if (at != snapshot.grants.end()) return at->second;
  }
  auto grants = std::make_shared<const Grants>(Work(snapshot.policy, principal));
  common::MutexLock lock(snapshot.mu);
  if (snapshot.grants.size() >= kMostKept) snapshot.grants.clear();
  return snapshot.grants.try_emplace(principal, std::move(grants)).first->second;
}

Access::Grants Access::Work(const AccessPolicy& policy, const std::string& principal) {
  const View ruled = policy.rules.ViewOf(principal);
  Actions actions;
  if (policy.rules.BeatsAtAll(principal)) actions.Add(Action::kBeat);
  if (ruled.decision.allowed) actions.Add(Action::kView);
  for (const Action act : kActions) {
    if (Actions::Admin().Has(act) && policy.rules.MayAct(principal, act).allowed) actions.Add(act);
  }
  core::Filter view = ruled.filter;
  if (!policy.has_rules) {
    actions = actions.Plus(policy.anonymous);
    if (policy.anonymous.Has(Action::kView)) view = core::Filter();
  }
  if (principal.empty()) actions = actions.And(policy.anonymous);
  if (principal.starts_with(core::kTokenType)) {
    const Token* const token =
        policy.tokens.Named(std::string_view(principal).substr(core::kTokenType.size()));
    actions = actions.And(token == nullptr ? Actions() : token->roles);
  }
  if (!actions.Has(Action::kView)) view = Rules::NoClient();
  return {actions, std::move(view)};
}

}  // namespace liveness::auth
