#include "server/rpc/operate/admin_service.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "common/duration_text.h"
#include "common/limits.h"
#include "common/resource_name.h"
#include "common/status.h"
#include "common/strings.h"
#include "common/validation.h"
#include "server/auth/action.h"
#include "server/rpc/convert/client_proto.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/engine/call_errors.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/unary.h"
#include "server/rpc/operate/maintenance_job.h"

namespace liveness::rpc {
namespace {

// Over which clients spread their reconnects where the caller names no window.
constexpr auto kDefaultWindow = std::chrono::seconds(10);
constexpr auto kLongestWindow = std::chrono::hours(1);

constexpr char kForgotten[] = "forgotten";

absl::Status NotCommittedError() {
  return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                       "the store has not committed it yet; it may still");
}

absl::Status CheckReason(const std::string& reason) {
  std::vector<common::FieldViolation> violations;
  common::CheckText("reason", reason, common::kMaxReasonBytes, &violations);
  return violations.empty() ? absl::OkStatus() : common::BadFields("BAD_REASON", violations);
}

// `what`, and why where that was said.
std::string Sentence(std::string what, const std::string& reason) {
  return reason.empty() ? what : common::StrCat(what, ": ", reason);
}

// What an act is about, as it was asked: also of a name that is none.
std::string TargetOf(const std::string& name) {
  const absl::StatusOr<std::string> client_id = common::ClientIdFromName(name);
  return client_id.ok() ? *client_id : name;
}

std::string TargetOf(const v1::SetMaintenanceRequest& request) {
  if (request.target_case() == v1::SetMaintenanceRequest::kName) return TargetOf(request.name());
  return request.filter();
}

void Fail(const absl::Status& why, auth::AuditedAct& act, Answer& answer) {
  act.Failed(why);
  answer.Fail(why);
}

// What of a server's description is for who does not see every client: incidents name clients, and figures
// count them.
v1::ServerInfo WithoutOthers(v1::ServerInfo info) {
  info.clear_incidents();
  info.clear_hooks();
  info.clear_listener();
  info.clear_certificates();
  return info;
}

}  // namespace

AdminService::AdminService(registry::Registry& registry, const common::Clock& clock, Describe describe,
                           Drain drain, Note note, std::shared_ptr<auth::AuditLog> audit)
    : registry_(registry),
      clock_(clock),
      describe_(std::move(describe)),
      drain_(std::move(drain)),
      note_(std::move(note)),
      audit_(std::move(audit)) {}

void AdminService::Register(grpc::ServerBuilder&, GenericRouter& router) {
  constexpr auto kName = v1::AdminService::service_full_name();
  using auth::Action;
  router.Add(kName, "EvictClient", Action::kEvict,
             AsyncUnaryMethod<v1::EvictClientRequest>(
                 {.patience_error = NotCommittedError}, [this](const auto& request, const auto& answer) {
                   const std::shared_ptr<GenericCall> call = answer->call();
                   if (call == nullptr) return;
                   const Act act = Begin(*call->caller(), Action::kEvict, TargetOf(request.name()));
                   const absl::Status taken = Evict(*call->caller(), request, act, answer);
                   if (!taken.ok()) Fail(taken, *act, *answer);
                 }));
  router.Add(kName, "GetServerInfo", Action::kView,
             UnaryMethod<v1::GetServerInfoRequest, v1::ServerInfo>(
                 Where::kInline, [this](const auto& caller, const auto&, auto& response) {
                   response = caller.sees_all() ? describe_() : WithoutOthers(describe_());
                   response.set_history_id(registry_.history_id());
                   response.set_revision(registry_.revision());
                   response.set_draining(drain_.goes_on());
                   return absl::OkStatus();
                 }));
  router.Add(kName, "SetMaintenance", Action::kMaintenance,
             AsyncUnaryMethod<v1::SetMaintenanceRequest>(
                 {.patience_error = NotCommittedError}, [this](const auto& request, const auto& answer) {
                   const std::shared_ptr<GenericCall> call = answer->call();
                   if (call == nullptr) return;
                   const Act act = Begin(*call->caller(), Action::kMaintenance, TargetOf(request));
                   if (const absl::Status fit = CheckReason(request.reason()); !fit.ok())
                     return Fail(fit, *act, *answer);
                   MaintenanceJob::Start(registry_, clock_, request, answer, act,
                                         [this, reason = request.reason()](const std::string& what) {
                                           note_(Sentence(what, reason));
                                         });
                 }));
  router.Add(kName, "DrainServer", Action::kDrain,
             UnaryMethod<v1::DrainServerRequest, v1::DrainServerResponse>(
                 Where::kWorker, [this](const auto& caller, const auto& request, auto& response) {
                   const Act act = Begin(caller, Action::kDrain, {});
                   absl::Status done = DrainServer(request, *act, response);
                   if (!done.ok()) act->Failed(done);
                   return done;
                 }));
  router.Add(kName, "UndrainServer", Action::kDrain,
             UnaryMethod<v1::UndrainServerRequest, v1::UndrainServerResponse>(
                 Where::kWorker, [this](const auto& caller, const auto& request, auto& response) {
                   const Act act = Begin(caller, Action::kDrain, {});
                   absl::Status done = UndrainServer(request, *act, response);
                   if (!done.ok()) act->Failed(done);
                   return done;
                 }));
}

absl::Status AdminService::Evict(const auth::Caller& caller, const v1::EvictClientRequest& request,
                                 const Act& act, const std::shared_ptr<Answer>& answer) const {
  absl::StatusOr<std::string> client_id = common::ClientIdFromName(request.name());
  if (!client_id.ok()) return client_id.status();
  if (absl::Status fit = CheckReason(request.reason()); !fit.ok()) return fit;

  const std::optional<core::ClientView> client = registry_.Get(*client_id);
  if (!client || !caller.Sees(*client->record)) return ClientNotFoundError(*client_id);
  if (request.forget() && !core::IsLive(client->record->state)) {
    Forget(*client_id, request.reason(), kForgotten, act, answer);
    return absl::OkStatus();
  }
  registry_.Evict(
      *client_id, request.reason(),
      [this, answer, act, request, id = *client_id](const absl::StatusOr<core::ClientView>& evicted) {
        if (!evicted.ok()) return Fail(evicted.status(), *act, *answer);
        const std::uint64_t revision = evicted->record->revision;
        const std::string so_far = common::StrCat("evicted at revision ", revision);
        if (request.forget()) {
          act->SoFar(so_far, revision);
        } else {
          act->Done(Sentence("evicted", request.reason()), revision);
        }
        // While the call is held this service is there.
        const std::shared_ptr<GenericCall> call = answer->call();
        if (call == nullptr) return;
        note_(Sentence("evict " + id, request.reason()));
        if (request.forget()) {
          return Forget(id, request.reason(), common::StrCat(so_far, ", ", kForgotten), act, answer);
        }
        Show(*evicted, *answer);
      });
  return absl::OkStatus();
}

void AdminService::Forget(const std::string& id, const std::string& reason, const std::string& what,
                          const Act& act, const std::shared_ptr<Answer>& answer) const {
  registry_.Forget(id,
                   [this, answer, act, id, reason, what](const absl::StatusOr<core::ClientView>& forgotten) {
                     if (!forgotten.ok()) return Fail(forgotten.status(), *act, *answer);
                     act->Done(Sentence(what, reason), forgotten->record->revision);
                     const std::shared_ptr<GenericCall> call = answer->call();
                     if (call == nullptr) return;
                     note_(Sentence("forget " + id, reason));
                     Show(*forgotten, *answer);
                   });
}

void AdminService::Show(const core::ClientView& client, Answer& answer) const {
  v1::Client response;
  ToProto(client, Detail::kFull, {clock_.Mono(), clock_.Wall()}, response);
  answer.Reply(response);
}

absl::Status AdminService::DrainServer(const v1::DrainServerRequest& request, auth::AuditedAct& act,
                                       v1::DrainServerResponse& response) const {
  common::Duration within = kDefaultWindow;
  if (request.has_reconnect_within()) within = FromProto(request.reconnect_within());
  if (within < common::Duration::zero() || within > kLongestWindow) {
    return common::BadFields("BAD_WINDOW", {{"reconnect_within", "must be between 0 and 1h"}});
  }
  std::optional<common::Duration> length;
  if (request.has_duration()) length = FromProto(request.duration());
  if (length && *length <= common::Duration::zero()) {
    return common::BadFields("BAD_WINDOW", {{"duration", "must be longer than zero"}});
  }
  if (absl::Status fit = CheckReason(request.reason()); !fit.ok()) return fit;
  const std::string what =
      Sentence(length ? "drain for " + common::FormatForPeople(*length) : "drain", request.reason());
  note_(what);
  response.set_stream_count(drain_.begin(within, length));
  act.Done(what);
  return absl::OkStatus();
}

absl::Status AdminService::UndrainServer(const v1::UndrainServerRequest& request, auth::AuditedAct& act,
                                         v1::UndrainServerResponse& response) const {
  if (absl::Status fit = CheckReason(request.reason()); !fit.ok()) return fit;
  const absl::StatusOr<bool> ended = drain_.end();
  if (!ended.ok()) return ended.status();
  if (*ended) note_(Sentence("undrain", request.reason()));
  act.Done(Sentence(*ended ? "undrain" : "undrain: it was not drained", request.reason()));
  response.set_was_draining(*ended);
  return absl::OkStatus();
}

}  // namespace liveness::rpc
