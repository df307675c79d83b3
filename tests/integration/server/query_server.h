// A registry and its query services behind real gRPC, in this process. Clients
// join the registry directly, so that a test makes thousands of them at once and
// each of their transitions happens exactly when it says so.
#pragma once

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>

#include "common/signer.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "server/auth/audit/audit_log.h"
#include "server/registry/detector_thread.h"
#include "server/registry/publisher_thread.h"
#include "server/registry/registry.h"
#include "server/rpc/operate/admin_service.h"
#include "server/rpc/operate/health_service.h"
#include "server/rpc/operate/reflection_service.h"
#include "server/rpc/query/audit_service.h"
#include "server/rpc/query/registry_service.h"
#include "server/storage/memory_store.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {

class QueryServer {
 public:
  explicit QueryServer(registry::RegistryOptions options = {})
      : QueryServer(std::move(options), [](storage::Store& inner) { return &inner; }) {}
  // `wrap` is given the store and returns the one that is used, which outlives the server.
  QueryServer(registry::RegistryOptions options,
              const std::function<storage::Store*(storage::Store& inner)>& wrap)
      : store_(common::SystemClock()),
        used_(*wrap(store_)),
        registry_(WithId(std::move(options)), common::SystemClock(), used_, *used_.Load()),
        publisher_(registry_),
        detector_(registry_, common::SystemClock()) {
    used_.Start(registry_);
    detector_.Start();
    const auto signer = std::make_shared<const common::Signer>(
        std::string(store_.token_key().begin(), store_.token_key().end()));
    const core::MacFunction mac = [signer](std::string_view message) { return signer->Sign(message); };
    engine_ = std::make_unique<rpc::Engine>(rpc::EngineOptions());
    engine_->Add(std::make_unique<rpc::RegistryService>(registry_, common::SystemClock(), mac,
                                                        [] { return rpc::StreamCounts(); }));
    auto health = std::make_unique<rpc::HealthService>(registry_, [] { return true; });
    health_ = health.get();
    engine_->Add(std::move(health));
    engine_->Add(std::make_unique<rpc::AdminService>(
        registry_, common::SystemClock(), [] { return v1::ServerInfo(); },
        rpc::AdminService::Drain{.goes_on = [] { return false; },
                                 .begin = [](auto, auto) { return std::int64_t{0}; },
                                 .end = [] { return false; }},
        [](const std::string&) {}, audit_));
    engine_->Add(std::make_unique<rpc::AuditService>(*audit_, common::SystemClock(), mac, "server"));
    engine_->Add(std::make_unique<rpc::ReflectionService>(std::vector<std::string>()));
    grpc::EnableDefaultHealthCheckService(false);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    if (!engine_->Start(builder).ok()) std::abort();
    address_ = "127.0.0.1:" + std::to_string(port);
  }

  ~QueryServer() {
    engine_->EndCalls();
    engine_->Shutdown(std::chrono::seconds(5));
    used_.Stop();
  }

  // A channel with a connection of its own.
  std::shared_ptr<grpc::Channel> Connect() const { return NewChannel(address_); }

  registry::Attached Join(const std::string& client_id, core::Labels labels = {}) {
    registry::HelloRequest hello;
    hello.info.client_id = client_id;
    hello.info.instance_id = "instance-" + std::to_string(++instances_);
    hello.info.labels = std::move(labels);
    hello.interval = std::chrono::hours(1);
    hello.timeout = std::chrono::hours(2);
    hello.stream = std::make_shared<NoStream>();
    std::optional<registry::Attached> attached;
    registry_.Attach(std::move(hello), [&](absl::StatusOr<registry::Attached> result) {
      if (!result.ok()) std::abort();
      attached = *std::move(result);
    });
    return *attached;
  }
  void Leave(const registry::Attached& client) {
    registry_.SayGoodbye(client.session, client.attachment, {});
  }
  void SetLabels(const registry::Attached& client, core::Labels labels) {
    registry_.UpdateLabels(client.session, client.attachment, std::move(labels));
  }

  registry::Registry& registry() { return registry_; }
  rpc::Engine& engine() { return *engine_; }
  rpc::HealthService& health() { return *health_; }
  const std::string& address() const { return address_; }

 private:
  class NoStream final : public registry::StreamHandle {
   public:
    void Probe(std::uint64_t) override {}
    void End(const absl::Status&) override {}
  };

  static registry::RegistryOptions WithId(registry::RegistryOptions options) {
    options.server_id = "test-server";
    return options;
  }

  storage::MemoryStore store_;
  storage::Store& used_;
  registry::Registry registry_;
  registry::PublisherThread publisher_;
  registry::DetectorThread detector_;
  const std::shared_ptr<auth::AuditLog> audit_ =
      std::make_shared<auth::AuditLog>(common::SystemClock(), auth::AuditRing::kLeastRoom);
  std::unique_ptr<rpc::Engine> engine_;
  rpc::HealthService* health_ = nullptr;  // the engine's
  std::string address_;
  std::atomic<int> instances_{0};
};

}  // namespace liveness::testing
