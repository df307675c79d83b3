#include "server/rpc/admin_service.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "common/limits.h"
#include "common/resource_name.h"
#include "common/status.h"
#include "common/validation.h"
#include "server/rpc/client_proto.h"
#include "server/rpc/generic_router.h"
#include "server/rpc/unary.h"

namespace liveness::rpc {
namespace {

// How long a caller waits for the store.
constexpr auto kPatience = std::chrono::seconds(5);

}  // namespace

AdminService::AdminService(registry::Registry& registry, const common::Clock& clock, Describe describe,
                           std::function<bool()> draining)
    : registry_(registry), clock_(clock), describe_(std::move(describe)), draining_(std::move(draining)) {}

void AdminService::Register(grpc::ServerBuilder&, GenericRouter& router) {
  constexpr auto kName = v1::AdminService::service_full_name();
  router.Add(kName, "EvictClient",
             UnaryMethod<v1::EvictClientRequest, v1::Client>(
                 Where::kWorker, [this](const auto&, const auto& request, auto& response) {
                   return Evict(request, response);
                 }));
  router.Add(kName, "GetServerInfo",
             UnaryMethod<v1::GetServerInfoRequest, v1::ServerInfo>(
                 Where::kInline, [this](const auto&, const auto&, auto& response) {
                   response = describe_();
                   response.set_history_id(registry_.history_id());
                   response.set_revision(registry_.revision());
                   response.set_draining(draining_());
                   return absl::OkStatus();
                 }));
  router.Add(kName, "SetMaintenance",
             UnaryMethod<v1::SetMaintenanceRequest, v1::SetMaintenanceResponse>(
                 Where::kInline, [](const auto&, const auto&, auto&) {
                   return common::Error(absl::StatusCode::kUnimplemented, "NOT_IMPLEMENTED",
                                        "this version of livenessd has no maintenance windows");
                 }));
  router.Add(kName, "DrainServer",
             UnaryMethod<v1::DrainServerRequest, v1::DrainServerResponse>(
                 Where::kInline, [](const auto&, const auto&, auto&) {
                   return common::Error(
                       absl::StatusCode::kUnimplemented, "NOT_IMPLEMENTED",
                       "this version of livenessd drains only when it is stopped: send it SIGTERM");
                 }));
}

absl::Status AdminService::Evict(const v1::EvictClientRequest& request, v1::Client& response) const {
  absl::StatusOr<std::string> client_id = common::ClientIdFromName(request.name());
  if (!client_id.ok()) return client_id.status();
  std::vector<common::FieldViolation> violations;
  common::CheckText("reason", request.reason(), common::kMaxReasonBytes, &violations);
  if (!violations.empty()) return common::BadFields("BAD_REASON", violations);

  // Shared with the registry: the store may outlast our patience.
  const auto outcome = std::make_shared<std::promise<absl::StatusOr<core::ClientView>>>();
  registry_.Evict(*client_id, request.reason(), [outcome](absl::StatusOr<core::ClientView> evicted) {
    outcome->set_value(std::move(evicted));
  });
  std::future<absl::StatusOr<core::ClientView>> told = outcome->get_future();
  if (told.wait_for(kPatience) != std::future_status::ready) {
    return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                         "the store has not committed it yet; it may still");
  }
  const absl::StatusOr<core::ClientView> evicted = told.get();
  if (!evicted.ok()) return evicted.status();
  ToProto(*evicted, Detail::kFull, {clock_.Mono(), clock_.Wall()}, response);
  return absl::OkStatus();
}

}  // namespace liveness::rpc
