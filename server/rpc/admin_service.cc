#include "server/rpc/admin_service.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "common/limits.h"
#include "common/resource_name.h"
#include "common/status.h"
#include "common/strings.h"
#include "common/validation.h"
#include "server/core/client_fields.h"
#include "server/core/filter.h"
#include "server/rpc/client_proto.h"
#include "server/rpc/commit_wait.h"
#include "server/rpc/convert.h"
#include "server/rpc/generic_router.h"
#include "server/rpc/unary.h"

namespace liveness::rpc {
namespace {

// Over which clients spread their reconnects where the caller names no window.
constexpr auto kDefaultWindow = std::chrono::seconds(10);
constexpr auto kLongestWindow = std::chrono::hours(1);

}  // namespace

AdminService::AdminService(registry::Registry& registry, const common::Clock& clock, Describe describe,
                           std::function<bool()> draining, Drain drain)
    : registry_(registry),
      clock_(clock),
      describe_(std::move(describe)),
      draining_(std::move(draining)),
      drain_(std::move(drain)) {}

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
                 Where::kWorker, [this](const auto&, const auto& request, auto& response) {
                   return SetMaintenance(request, response);
                 }));
  router.Add(kName, "DrainServer",
             UnaryMethod<v1::DrainServerRequest, v1::DrainServerResponse>(
                 Where::kWorker, [this](const auto&, const auto& request, auto& response) {
                   return DrainServer(request, response);
                 }));
}

absl::Status AdminService::Evict(const v1::EvictClientRequest& request, v1::Client& response) const {
  absl::StatusOr<std::string> client_id = common::ClientIdFromName(request.name());
  if (!client_id.ok()) return client_id.status();
  std::vector<common::FieldViolation> violations;
  common::CheckText("reason", request.reason(), common::kMaxReasonBytes, &violations);
  if (!violations.empty()) return common::BadFields("BAD_REASON", violations);

  const auto wait = std::make_shared<CommitWait>();
  const auto evicted = std::make_shared<absl::StatusOr<core::ClientView>>();
  wait->Expect();
  registry_.Evict(*client_id, request.reason(), [wait, evicted](absl::StatusOr<core::ClientView> view) {
    *evicted = std::move(view);
    wait->Settled(evicted->status());
  });
  if (absl::Status committed = wait->Wait(clock_); !committed.ok()) return committed;
  ToProto(**evicted, Detail::kFull, {clock_.Mono(), clock_.Wall()}, response);
  return absl::OkStatus();
}

absl::Status AdminService::SetMaintenance(const v1::SetMaintenanceRequest& request,
                                          v1::SetMaintenanceResponse& response) const {
  registry::MaintenanceRequest marks;
  absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::ClientSchema());
  switch (request.target_case()) {
    case v1::SetMaintenanceRequest::kName: {
      absl::StatusOr<std::string> client_id = common::ClientIdFromName(request.name());
      if (!client_id.ok()) return client_id.status();
      marks.client_id = *std::move(client_id);
      break;
    }
    case v1::SetMaintenanceRequest::kFilter:
      if (!filter.ok()) return filter.status();
      marks.matches = [&](const core::ClientRecord& record, const core::Vitals& vitals) {
        return filter->Matches(core::ClientFields(record, vitals, {clock_.Mono(), clock_.Wall()}));
      };
      break;
    case v1::SetMaintenanceRequest::TARGET_NOT_SET:
      return common::BadFields("BAD_TARGET", {{"name", "name a client, or give a filter"}});
  }
  if (request.has_until_time()) marks.until = FromProto(request.until_time());

  const auto wait = std::make_shared<CommitWait>();
  const auto settling = [wait] {
    wait->Expect();
    return [wait](const absl::Status& outcome) { wait->Settled(outcome); };
  };
  std::int64_t matched = 0;
  std::int64_t changed = 0;
  for (bool done = false; !done;) {
    registry::MaintenanceResult part = registry_.SetMaintenance(marks, settling);
    matched += part.matched;
    changed += part.changed;
    marks.after = std::move(part.cursor);
    done = part.done;
  }
  if (!marks.client_id.empty() && matched == 0) {
    return common::Error(absl::StatusCode::kNotFound, "CLIENT_NOT_FOUND",
                         common::StrCat("no client \"", marks.client_id, "\" is known"));
  }
  response.set_changed_count(changed);
  return wait->Wait(clock_);
}

absl::Status AdminService::DrainServer(const v1::DrainServerRequest& request,
                                       v1::DrainServerResponse& response) const {
  common::Duration within = kDefaultWindow;
  if (request.has_reconnect_within()) within = FromProto(request.reconnect_within());
  if (within < common::Duration::zero() || within > kLongestWindow) {
    return common::BadFields("BAD_WINDOW", {{"reconnect_within", "must be between 0 and 1h"}});
  }
  response.set_stream_count(drain_(within));
  return absl::OkStatus();
}

}  // namespace liveness::rpc
