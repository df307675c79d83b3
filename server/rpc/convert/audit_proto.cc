#include "server/rpc/convert/audit_proto.h"

#include "common/strings.h"
#include "common/utf8.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {
namespace {

constexpr bool Same(v1::AuditOutcome proto, auth::AuditOutcome outcome) {
  return static_cast<int>(proto) == static_cast<int>(outcome);
}
static_assert(Same(v1::AUDIT_OUTCOME_ALLOWED, auth::AuditOutcome::kAllowed) &&
              Same(v1::AUDIT_OUTCOME_REFUSED, auth::AuditOutcome::kRefused) &&
              Same(v1::AuditOutcome_MAX, auth::kLastAuditOutcome));

// What strangers send need not be text.
std::string Text(const std::string& text) { return common::IsValidUtf8(text) ? text : common::Escape(text); }

}  // namespace

void ToProto(const auth::AuditEvent& event, const std::string& server_id, v1::AuditEvent& proto) {
  proto.set_number(event.number);
  ToProto(event.time, *proto.mutable_time());
  ToProto(event.began, *proto.mutable_begin_time());
  proto.set_count(event.count);
  proto.set_principal(Text(event.principal));
  proto.set_address(Text(event.address));
  proto.set_action(event.action);
  proto.set_target(Text(event.target));
  proto.set_outcome(static_cast<v1::AuditOutcome>(event.outcome));
  proto.set_reason(event.reason);
  proto.set_message(Text(event.message));
  proto.set_revision(event.revision);
  proto.set_server_id(server_id);
}

}  // namespace liveness::rpc
