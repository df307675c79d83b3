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

  // All outlive the engine's calls, and are called from any thread.
  AdminService(registry::Registry& registry, const common::Clock& clock, Describe describe, Drain drain,
               Note note);

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;

 private:
  // OK: the answer is given when the store has committed it.
  absl::Status Evict(const v1::EvictClientRequest& request, const std::shared_ptr<Answer>& answer) const;
  void Forget(const std::string& id, const std::string& reason, const std::shared_ptr<Answer>& answer) const;
  void Show(const core::ClientView& client, Answer& answer) const;
  absl::Status DrainServer(const v1::DrainServerRequest& request, v1::DrainServerResponse& response) const;
  absl::Status UndrainServer(const v1::UndrainServerRequest& request,
                             v1::UndrainServerResponse& response) const;

  registry::Registry& registry_;
  const common::Clock& clock_;
  const Describe describe_;
  const Drain drain_;
  const Note note_;
};

}  // namespace liveness::rpc
