#include "server/rpc/query/audit_service.h"

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "server/auth/audit/audit_fields.h"
#include "server/core/filter/filter.h"
#include "server/core/filter/page_token.h"
#include "server/rpc/convert/audit_proto.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/unary.h"
#include "server/rpc/query/paging.h"

namespace liveness::rpc {

AuditService::AuditService(const auth::AuditLog& log, const common::Clock& clock, core::MacFunction mac,
                           std::string server_id)
    : log_(log), clock_(clock), mac_(std::move(mac)), server_id_(std::move(server_id)) {}

void AuditService::Register(grpc::ServerBuilder&, GenericRouter& router) {
  router.Add(v1::AdminService::service_full_name(), "ListAuditEvents", auth::Action::kAudit,
             UnaryMethod<v1::ListAuditEventsRequest, v1::ListAuditEventsResponse>(
                 Where::kWorker, [this](const auto&, const auto& request, auto& response) {
                   return List(request, response);
                 }));
}

absl::Status AuditService::List(const v1::ListAuditEventsRequest& request,
                                v1::ListAuditEventsResponse& response) const {
  const absl::StatusOr<std::size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  const absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), auth::AuditSchema());
  if (!filter.ok()) return filter.status();
  const core::PageQuery query{"ListAuditEvents", filter->text(), true};
  const absl::StatusOr<std::string> token = core::DecodePageToken(query, request.page_token(), mac_);
  if (!token.ok()) return token.status();
  std::uint64_t before = std::numeric_limits<std::uint64_t>::max();
  if (!token->empty()) {
    const absl::StatusOr<std::uint64_t> position = ParseRevisionPosition(*token);
    if (!position.ok()) return position.status();
    before = *position;
  }

  const std::vector<auth::AuditEventPtr> all = log_.Read();
  const common::WallTime now = clock_.Wall();
  std::size_t bytes = 0;
  std::uint64_t last = 0;
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    const auth::AuditEvent& event = **at;
    if (event.number >= before || !filter->Matches(auth::AuditFields(event, now))) continue;
    if (static_cast<std::size_t>(response.audit_events_size()) >= *page_size || bytes > kMaxPageBytes) {
      response.set_next_page_token(core::EncodePageToken(query, std::to_string(last), mac_));
      break;
    }
    v1::AuditEvent& proto = *response.add_audit_events();
    ToProto(event, server_id_, proto);
    bytes += proto.ByteSizeLong();
    last = event.number;
  }
  return absl::OkStatus();
}

}  // namespace liveness::rpc
