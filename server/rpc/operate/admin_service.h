// AdminService: what operators do to clients and servers.
//
// What waits for the store holds no thread: a store that hangs delays no query.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "common/clock.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "server/auth/audit/audit_log.h"
#include "server/auth/audit/audited_act.h"
#include "server/auth/caller.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/async_unary.h"
#include "server/rpc/engine/engine.h"

namespace liveness::rpc {

class AdminService final : public AsyncService {
 public:
  // What GetServerInfo tells and does not change: all but revision and draining.
  // Asked for at each call, so that it may know a port that was chosen late.
  using Describe = std::function<v1::ServerInfo()>;

  struct Drain {
    std::function<bool()> goes_on;
    // Sends the clients of this server to others within `within` and takes none for `length`
    // (nothing: until `end`); returns how many were asked.
    std::function<std::int64_t(common::Duration within, std::optional<common::Duration> length)> begin;
    // Takes clients again; false if the server did not drain. FAILED_PRECONDITION SERVER_STOPPING.
    std::function<absl::StatusOr<bool>()> end;
  };

  // Takes what an operator asked for and had done, in a sentence: `drain: new kernel (anna)`.
  using Note = std::function<void(const std::string&)>;

  // All outlive the engine's calls, and are called from any thread. `audit` takes each act, with what came of
  // it; acts that the store still holds keep it for longer.
  AdminService(registry::Registry& registry, const common::Clock& clock, Describe describe, Drain drain,
               Note note, std::shared_ptr<auth::AuditLog> audit);

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;

 private:
  using Act = std::shared_ptr<auth::AuditedAct>;
  Act Begin(const auth::Caller& caller, auth::Action action, const std::string& target) const {
    return std::make_shared<auth::AuditedAct>(audit_, caller, action, target);
  }
  // OK: the answer is given when the store has committed it.
  absl::Status Evict(const auth::Caller& caller, const v1::EvictClientRequest& request, const Act& act,
                     const std::shared_ptr<Answer>& answer) const;
  // `what`: what the audit log is to say of it.
  void Forget(const std::string& id, const std::string& reason, const std::string& what, const Act& act,
              const std::shared_ptr<Answer>& answer) const;
  void Show(const core::ClientView& client, Answer& answer) const;
  absl::Status DrainServer(const v1::DrainServerRequest& request, auth::AuditedAct& act,
                           v1::DrainServerResponse& response) const;
  absl::Status UndrainServer(const v1::UndrainServerRequest& request, auth::AuditedAct& act,
                             v1::UndrainServerResponse& response) const;

  registry::Registry& registry_;
  const common::Clock& clock_;
  const Describe describe_;
  const Drain drain_;
  const Note note_;
  const std::shared_ptr<auth::AuditLog> audit_;
};

}  // namespace liveness::rpc
