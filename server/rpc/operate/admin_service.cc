#include "server/rpc/operate/admin_service.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "common/duration_text.h"
#include "common/grpc/asked_by.h"
#include "common/limits.h"
#include "common/resource_name.h"
#include "common/status.h"
#include "common/strings.h"
#include "common/validation.h"
#include "server/auth/principal.h"
#include "server/net/endpoint.h"
#include "server/rpc/convert/client_proto.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/unary.h"
#include "server/rpc/operate/maintenance_job.h"

namespace liveness::rpc {
namespace {

// Over which clients spread their reconnects where the caller names no window.
constexpr auto kDefaultWindow = std::chrono::seconds(10);
constexpr auto kLongestWindow = std::chrono::hours(1);

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

// What gRPC calls the peer of a call from within the process. No socket is called so.
constexpr char kPeerInProcess[] = "unknown";

// Who asks: the principal, else the address. Of what comes over HTTP the gateway tells the address; only a
// call from within the process is believed in that.
std::string AuthorOf(const Answer& answer) {
  const std::shared_ptr<GenericCall> call = answer.call();
  if (call == nullptr) return {};
  const grpc::GenericServerContext& context = call->context();
  std::string principal = auth::PrincipalOf(*context.auth_context());
  if (!principal.empty()) return principal;
  const std::string peer = context.peer();
  if (const auto endpoint = net::FromGrpcPeer(peer)) return net::AddressText(*endpoint);
  if (peer != kPeerInProcess) return peer;  // a Unix socket's
  const auto told = context.client_metadata().find(common::kAskedByMetadata);
  if (told == context.client_metadata().end()) return {};
  const auto asked_by = net::FromText({told->second.data(), told->second.size()});
  return asked_by ? net::AddressText(*asked_by) : std::string();
}

}  // namespace

AdminService::AdminService(registry::Registry& registry, const common::Clock& clock, Describe describe,
                           Drain drain, Note note)
    : registry_(registry),
      clock_(clock),
      describe_(std::move(describe)),
      drain_(std::move(drain)),
      note_(std::move(note)) {}

void AdminService::Register(grpc::ServerBuilder&, GenericRouter& router) {
  constexpr auto kName = v1::AdminService::service_full_name();
  router.Add(kName, "EvictClient",
             AsyncUnaryMethod<v1::EvictClientRequest>(
                 {.patience_error = NotCommittedError}, [this](const auto& request, const auto& answer) {
                   if (const absl::Status taken = Evict(request, answer); !taken.ok()) answer->Fail(taken);
                 }));
  router.Add(kName, "GetServerInfo",
             UnaryMethod<v1::GetServerInfoRequest, v1::ServerInfo>(
                 Where::kInline, [this](const auto&, const auto&, auto& response) {
                   response = describe_();
                   response.set_history_id(registry_.history_id());
                   response.set_revision(registry_.revision());
                   response.set_draining(drain_.goes_on());
                   return absl::OkStatus();
                 }));
  router.Add(kName, "SetMaintenance",
             AsyncUnaryMethod<v1::SetMaintenanceRequest>(
                 {.patience_error = NotCommittedError}, [this](const auto& request, const auto& answer) {
                   if (const absl::Status fit = CheckReason(request.reason()); !fit.ok())
                     return answer->Fail(fit);
                   MaintenanceJob::Start(registry_, clock_, request, AuthorOf(*answer), answer,
                                         [this, reason = request.reason()](const std::string& what) {
                                           note_(Sentence(what, reason));
                                         });
                 }));
  router.Add(kName, "DrainServer",
             UnaryMethod<v1::DrainServerRequest, v1::DrainServerResponse>(
                 Where::kWorker, [this](const auto&, const auto& request, auto& response) {
                   return DrainServer(request, response);
                 }));
  router.Add(kName, "UndrainServer",
             UnaryMethod<v1::UndrainServerRequest, v1::UndrainServerResponse>(
                 Where::kWorker, [this](const auto&, const auto& request, auto& response) {
                   return UndrainServer(request, response);
                 }));
}

absl::Status AdminService::Evict(const v1::EvictClientRequest& request,
                                 const std::shared_ptr<Answer>& answer) const {
  absl::StatusOr<std::string> client_id = common::ClientIdFromName(request.name());
  if (!client_id.ok()) return client_id.status();
  if (absl::Status fit = CheckReason(request.reason()); !fit.ok()) return fit;

  registry_.Evict(*client_id, request.reason(),
                  [this, answer, &clock = clock_, id = *client_id,
                   reason = request.reason()](const absl::StatusOr<core::ClientView>& evicted) {
                    // While the call is held this service is there, and with it the clock.
                    const std::shared_ptr<GenericCall> call = answer->call();
                    if (call == nullptr) return;
                    if (!evicted.ok()) return answer->Fail(evicted.status());
                    note_(Sentence("evict " + id, reason));
                    v1::Client response;
                    ToProto(*evicted, Detail::kFull, {clock.Mono(), clock.Wall()}, response);
                    answer->Reply(response);
                  });
  return absl::OkStatus();
}

absl::Status AdminService::DrainServer(const v1::DrainServerRequest& request,
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
  note_(Sentence(length ? "drain for " + common::FormatForPeople(*length) : "drain", request.reason()));
  response.set_stream_count(drain_.begin(within, length));
  return absl::OkStatus();
}

absl::Status AdminService::UndrainServer(const v1::UndrainServerRequest& request,
                                         v1::UndrainServerResponse& response) const {
  if (absl::Status fit = CheckReason(request.reason()); !fit.ok()) return fit;
  const absl::StatusOr<bool> ended = drain_.end();
  if (!ended.ok()) return ended.status();
  if (*ended) note_(Sentence("undrain", request.reason()));
  response.set_was_draining(*ended);
  return absl::OkStatus();
}

}  // namespace liveness::rpc
