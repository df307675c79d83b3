#include "server/app/server_parts.h"

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "common/duration_text.h"
#include "common/strings.h"
#include "server/app/server_options.h"
#include "server/app/version.h"
#include "server/app/witness_log.h"
#include "server/net/listener.h"
#include "server/rpc/canary_report.h"
#include "server/rpc/convert.h"
#include "server/rpc/incident_proto.h"
#include "server/rpc/reflection_service.h"
#include "server/rpc/registry_service.h"

namespace liveness::app {
namespace {

// Of the time that the other servers give our clients when they take us for gone.
constexpr double kAwayShare = 0.4;

}  // namespace

ServerParts::ServerParts(const Config& given, std::unique_ptr<DataDirLock> taken,
                         std::unique_ptr<storage::Store> opened, storage::Contents contents)
    : config(given),
      lock(std::move(taken)),
      store(std::move(opened)),
      signer(std::string_view(reinterpret_cast<const char*>(store->token_key().data()),
                              store->token_key().size())),
      incidents(given.KeepsData() ? given.data_dir : std::string(), common::SystemClock()),
      sockets(given.keepalive.http2_time, given.keepalive.http2_timeout),
      registry(MakeRegistryOptions(given), common::SystemClock(), *store, std::move(contents)),
      running(*store, registry),
      publisher(registry),
      engine(rpc::EngineOptions{.io_threads = given.io_threads}),
      canary(common::SystemClock(), registry.pulses()) {}

ServerParts::~ServerParts() {
  if (detector) detector->Stop();
}

void ServerParts::AddServices() {
  const common::Clock& clock = common::SystemClock();
  auto service =
      std::make_unique<rpc::HeartbeatService>(MakeHeartbeatOptions(config), clock, registry, *store, sockets);
  heartbeat = service.get();
  engine.Add(std::move(service));
  engine.Add(std::make_unique<rpc::RegistryService>(
      registry, clock, [this](std::string_view message) { return signer.Sign(message); },
      [this] {
        return rpc::StreamCounts{static_cast<std::int64_t>(heartbeat->stream_count()),
                                 heartbeat->ping_count()};
      }));
  engine.Add(std::make_unique<rpc::AdminService>(
      registry, clock, [this] { return Describe(); }, [this] { return heartbeat->draining(); },
      [this](common::Duration within) { return Drain(within); }));
  auto health_service = std::make_unique<rpc::HealthService>(registry, [this] { return IsReady(); });
  health = health_service.get();
  engine.Add(std::move(health_service));
  engine.Add(std::make_unique<rpc::CanaryService>(canary_secret, clock, registry.pulses()));
  engine.Add(std::make_unique<rpc::ReflectionService>(std::vector<std::string>{
      v1::HeartbeatService::service_full_name(), v1::RegistryService::service_full_name(),
      v1::AdminService::service_full_name(), ::grpc::health::v1::Health::service_full_name()}));
}

std::int64_t ServerParts::Drain(common::Duration within) {
  registry.BeginDrain();
  health->BeginDrain();
  incidents.Begin(core::IncidentKind::kDrain);
  const std::int64_t asked = heartbeat->Drain(within);
  spdlog::info("draining: asked {} streams to move within {}", asked, common::FormatDuration(within));
  return asked;
}

v1::ServerInfo ServerParts::Describe() const {
  v1::ServerInfo info;
  info.set_server_id(config.server_id);
  info.set_version(kVersion);
  rpc::ToProto(start_time, *info.mutable_start_time());
  info.set_store(std::string(store->kind()));
  info.set_history_id(store->history_id());
  info.set_listen_address(address);
  info.set_keepalive_preset(config.keepalive_preset);
  rpc::ToProto(listener, *info.mutable_keepalive());
  rpc::ToProto(config.keepalive.heartbeat_interval, *info.mutable_default_interval());
  rpc::ToProto(config.keepalive.heartbeat_timeout, *info.mutable_default_timeout());
  rpc::ToProto(config.min_interval, *info.mutable_min_interval());
  rpc::ToProto(config.resume_grace, *info.mutable_resume_grace());
  for (v1::NotReady& reason : WhyNotReady()) *info.add_not_ready() = std::move(reason);
  info.set_ready(info.not_ready().empty());
  const common::WallTime now = common::SystemClock().Wall();
  for (const core::Incident& incident : incidents.Read()) {
    rpc::ToProto(incident, now, *info.add_incidents());
  }
  rpc::DescribeCanary(registry, canary, config.canary, *info.mutable_canary());
  return info;
}

std::vector<v1::NotReady> ServerParts::WhyNotReady() const {
  std::vector<v1::NotReady> reasons;
  const auto add = [&reasons](const char* reason, std::string message) {
    v1::NotReady& added = reasons.emplace_back();
    added.set_reason(reason);
    added.set_message(std::move(message));
  };
  if (heartbeat->draining()) add("DRAINING", "its clients were asked to move elsewhere");
  if (registry.doubt() == core::CanaryDoubt::kSpent) {
    add("CANARY_SPENT", absl::StrCat("an I/O thread has not received for more than ",
                                     common::FormatDuration(config.max_doubt)));
  }
  if (const absl::Status store_health = registry.store_health(); !store_health.ok()) {
    add("STORE_UNAVAILABLE", common::Escape(common::ToStd(store_health.message())));
  }
  return reasons;
}

absl::Status ServerParts::Listen(std::shared_ptr<grpc::ServerCredentials> credentials) {
  rpc::TransportOptions options;
  options.listen = config.listen;
  options.credentials = std::move(credentials);
  options.tcp = config.keepalive.tcp;
  options.http2_time = config.keepalive.http2_time;
  options.http2_timeout = config.keepalive.http2_timeout;
  options.channelz = config.channelz;
  options.on_accept = [this](int fd) { sockets.OnAccept(fd); };

  int port = 0;
  if (options.channelz) rpc::OfferChannelz();
  grpc::ServerBuilder builder;
  rpc::ConfigureBuilder(builder, options, &port);
  const absl::Status started = engine.Start(builder, [&] { return ReadBack(options, port); });
  if (absl::IsUnavailable(started)) return absl::UnavailableError(net::WhyNotListen(config.listen));
  return started;
}

absl::Status ServerParts::ReadBack(const rpc::TransportOptions& wanted, int port) {
  if (port == 0) return absl::UnavailableError("no port");
  address = absl::StrCat(config.listen.substr(0, config.listen.rfind(':')), ":", port);
  const auto taken = net::ReadListenerKeepalive(static_cast<std::uint16_t>(port));
  if (!taken.ok())
    return absl::Status(taken.status().code(), absl::StrCat("TCP keepalive: ", taken.status().message()));
  listener = {*taken, wanted.http2_time, wanted.http2_timeout};
  if (*taken != common::InForce(wanted.tcp)) {
    return absl::FailedPreconditionError(
        absl::StrCat("TCP keepalive: the kernel did not take the values for ", address,
                     "; see the --tcp-keepalive flags"));
  }
  return absl::OkStatus();
}

void ServerParts::OnWitness(const registry::WitnessEvent& event) {
  LogWitness(event, config.max_doubt);
  NoteWitness(event, incidents);
  using Kind = registry::WitnessEvent::Kind;
  if (event.kind == Kind::kUnseen) {
    heartbeat->SendAway(std::chrono::duration_cast<common::Duration>(config.restart_grace * kAwayShare));
  } else if (event.kind == Kind::kSeen) {
    heartbeat->MayStay();
  }
  health->ServingChanged();  // it may have; whoever watches is told only if it has
}

}  // namespace liveness::app
