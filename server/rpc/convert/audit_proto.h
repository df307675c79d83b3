// Entries of the audit log as the wire and the file write them. Pure, thread-safe.
#pragma once

#include <string>

#include "liveness/v1/admin_service.pb.h"
#include "server/auth/audit/audit_event.h"

namespace liveness::rpc {

// `server_id`: the server on which it was. What is no UTF-8 is escaped.
void ToProto(const auth::AuditEvent& event, const std::string& server_id, v1::AuditEvent& proto);

}  // namespace liveness::rpc
