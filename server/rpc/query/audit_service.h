// AdminService.ListAuditEvents: reads the audit log, the newest entry first. A service of its own because it
// is a list, and changes nothing.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/clock.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "server/auth/audit/audit_log.h"
#include "server/core/record/seal.h"
#include "server/rpc/engine/engine.h"

namespace liveness::rpc {

class AuditService final : public AsyncService {
 public:
  // `log` and `clock` outlive the engine's calls. `mac` signs page tokens; any thread. `server_id`: whose log
  // it is.
  AuditService(const auth::AuditLog& log, const common::Clock& clock, core::MacFunction mac,
               std::string server_id);

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;

 private:
  absl::Status List(const v1::ListAuditEventsRequest& request, v1::ListAuditEventsResponse& response) const;

  const auth::AuditLog& log_;
  const common::Clock& clock_;
  const core::MacFunction mac_;
  const std::string server_id_;
};

}  // namespace liveness::rpc
