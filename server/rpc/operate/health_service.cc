#include "server/rpc/operate/health_service.h"

#include <optional>
#include <string>
#include <utility>

#include "common/resource_name.h"
#include "common/status.h"
#include "server/rpc/engine/call_errors.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/message_bytes.h"
#include "server/rpc/engine/unary.h"

namespace liveness::rpc {

namespace health = ::grpc::health::v1;

namespace {

constexpr std::size_t kMaxWatches = 10'000;

grpc::ByteBuffer Message(HealthStatus status) {
  health::HealthCheckResponse response;
  response.set_status(status);
  grpc::ByteBuffer bytes;
  (void)SerializeMessage(response, bytes);  // two bytes: it cannot fail
  return bytes;
}

}  // namespace

HealthStatus HealthOf(const core::ClientRecord& record) {
  const bool serving = record.state == core::State::kAlive && record.health != core::Health::kStalled;
  return serving ? health::HealthCheckResponse::SERVING : health::HealthCheckResponse::NOT_SERVING;
}

// One Watch. When it is woken it reads the state from the registry: of all states between two
// messages only the latest counts.
class HealthWatchCall final : public WatchStream {
 public:
  HealthWatchCall(HealthService& service, Method& method, std::shared_ptr<GenericCall> call)
      : WatchStream(method, std::move(call)), service_(service) {}

 private:
  absl::Status Open(grpc::ByteBuffer& bytes) override {
    health::HealthCheckRequest request;
    if (const absl::Status parsed = ParseMessage(bytes, request); !parsed.ok()) return parsed;
    watched_ = request.service();
    const std::optional<std::string_view> client_id = common::ClientIdFromHealthService(watched_);
    if (!client_id) return absl::OkStatus();
    const absl::Status followed =
        service_.board_.Follow(std::string(*client_id), shared_from_this(), cq(), engine());
    if (followed.ok()) followed_ = std::string(*client_id);
    return followed;
  }

  void Advance() override {
    const HealthStatus now = service_.StatusOf(watched_, caller());
    if (told_ == now) return;
    told_ = now;
    Send(Message(now));
  }

  void BeforeEnd() override {
    if (watched_.empty()) Advance();
  }

  void Close() override {
    if (followed_) service_.board_.Unfollow(*followed_, this);
  }

  HealthService& service_;
  std::string watched_;
  std::optional<std::string> followed_;
  std::optional<HealthStatus> told_;
};

HealthService::HealthService(registry::Registry& registry, std::function<bool()> serving)
    : registry_(registry),
      serving_(std::move(serving)),
      board_(registry),
      watch_(kMaxWatches, StreamQuota::ShareOf(kMaxWatches)) {}

void HealthService::Register(grpc::ServerBuilder&, GenericRouter& router) {
  constexpr auto kName = health::Health::service_full_name();
  router.Add(kName, "Check", auth::Action::kNone,
             UnaryMethod<health::HealthCheckRequest, health::HealthCheckResponse>(
                 Where::kInline, [this](const auto& caller, const auto& request, auto& response) {
                   return Check(caller, request, response);
                 }));
  router.AddStream(kName, "Watch", auth::Action::kNone, [this](std::shared_ptr<GenericCall> call) {
    std::make_shared<HealthWatchCall>(*this, watch_, std::move(call))->Start();
  });
}

absl::Status HealthService::Check(const auth::Caller& caller, const health::HealthCheckRequest& request,
                                  health::HealthCheckResponse& response) const {
  const HealthStatus status = StatusOf(request.service(), caller);
  if (status == health::HealthCheckResponse::SERVICE_UNKNOWN) {
    return common::Error(absl::StatusCode::kNotFound, "SERVICE_UNKNOWN",
                         "neither the server (an empty service) nor a client that is known (client/ID)");
  }
  response.set_status(status);
  return absl::OkStatus();
}

void HealthService::BeginDrain() {
  draining_.store(true);
  watch_.streams.WakeAll();
}

void HealthService::EndDrain() {
  draining_.store(false);
  watch_.streams.WakeAll();
}

void HealthService::EndCalls() {
  draining_.store(true);
  watch_.streams.EndAll(ShuttingDownError());
}

HealthStatus HealthService::StatusOf(std::string_view service, const auth::Caller& caller) const {
  if (service.empty()) {
    return serving_() && !draining_.load() ? health::HealthCheckResponse::SERVING
                                           : health::HealthCheckResponse::NOT_SERVING;
  }
  const std::optional<std::string_view> client_id = common::ClientIdFromHealthService(service);
  if (client_id) {
    const std::optional<core::ClientView> client = registry_.Get(*client_id);
    if (client && caller.Sees(*client->record)) return HealthOf(*client->record);
  }
  return health::HealthCheckResponse::SERVICE_UNKNOWN;
}

}  // namespace liveness::rpc
