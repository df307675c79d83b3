#include "server/app/server.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/duration_text.h"
#include "common/random.h"
#include "common/signer.h"
#include "server/app/data_dir.h"
#include "server/app/data_dir_lock.h"
#include "server/app/open_store.h"
#include "server/app/version.h"
#include "server/app/witness_log.h"
#include "server/auth/tls.h"
#include "server/net/accepted_sockets.h"
#include "server/net/listener.h"
#include "server/registry/detector_thread.h"
#include "server/registry/publisher_thread.h"
#include "server/registry/registry.h"
#include "server/rpc/admin_service.h"
#include "server/rpc/canary.h"
#include "server/rpc/canary_report.h"
#include "server/rpc/canary_service.h"
#include "server/rpc/convert.h"
#include "server/rpc/engine.h"
#include "server/rpc/health_service.h"
#include "server/rpc/heartbeat_service.h"
#include "server/rpc/reflection_service.h"
#include "server/rpc/registry_service.h"
#include "server/rpc/server_builder.h"
#include "server/storage/store.h"

namespace liveness::app {
namespace {

// Shares of the drain timeout: the window that clients spread over, and the
// time that is kept for ending what is left.
constexpr int kWindowShare = 2;
constexpr int kEndShare = 5;
// Of the time that the other servers give our clients when they take us for gone.
constexpr double kAwayShare = 0.4;
constexpr common::Duration kHurryPoll = std::chrono::milliseconds(20);

std::string NewServerId() {
  char host[256] = "";
  (void)gethostname(host, sizeof(host) - 1);
  return absl::StrCat(host[0] != '\0' ? host : "server", "-", common::RandomHexId().substr(0, 8));
}

registry::RegistryOptions MakeRegistryOptions(const Config& config) {
  registry::RegistryOptions options;
  options.server_id = config.server_id;
  options.resume_grace = config.resume_grace;
  options.restart_grace = config.restart_grace;
  options.keep_dead = config.keep_dead;
  options.keep_left = config.keep_left;
  options.max_clients = config.max_clients;
  options.max_watchers = config.max_watchers;
  options.queues = static_cast<std::size_t>(config.io_threads);
  options.max_doubt = config.max_doubt;
  options.mass = config.falls.mass;
  options.doubt_share = config.falls.doubt_share;
  options.flap = config.falls.flap;
  options.on_notice = [](const std::string& text) { spdlog::warn(text); };
  return options;
}

rpc::HeartbeatOptions MakeHeartbeatOptions(const Config& config) {
  rpc::HeartbeatOptions options;
  options.server_id = config.server_id;
  options.preset = {config.keepalive.heartbeat_interval, config.keepalive.heartbeat_timeout};
  options.bounds.min_interval = config.min_interval;
  options.max_ping_rate = config.max_ping_rate;
  options.max_streams_per_peer = config.max_streams_per_peer;
  options.identify_peers = config.tls.enabled();
  return options;
}

}  // namespace

// Destroyed from the bottom up: the engine with its calls before what they use.
struct Server::Parts {
  Parts(const Config& given, std::unique_ptr<DataDirLock> taken, std::unique_ptr<storage::Store> opened,
        storage::Contents contents)
      : config(given),
        lock(std::move(taken)),
        store(std::move(opened)),
        signer(std::string_view(reinterpret_cast<const char*>(store->token_key().data()),
                                store->token_key().size())),
        sockets(given.keepalive.http2_time, given.keepalive.http2_timeout),
        registry(MakeRegistryOptions(given), common::SystemClock(), *store, std::move(contents)),
        running(*store, registry),
        publisher(registry),
        engine(rpc::EngineOptions{.io_threads = given.io_threads}),
        canary(common::SystemClock(), registry.pulses()) {}

  // No longer is anything found that the services are told.
  ~Parts() {
    if (detector) detector->Stop();
  }

  // Between the two the registry may be told.
  struct RunningStore {
    RunningStore(storage::Store& given, storage::StoreListener& listener) : store(given) {
      store.Start(listener);
    }
    ~RunningStore() { store.Stop(); }
    storage::Store& store;
  };

  void AddServices();
  v1::ServerInfo Describe() const;
  bool IsReady() const;
  // The registry found something out of this server.
  void OnWitness(const registry::WitnessEvent& event);
  absl::Status Listen(std::shared_ptr<grpc::ServerCredentials> credentials);

  std::int64_t Drain(common::Duration within);

  const Config config;
  const std::unique_ptr<DataDirLock> lock;
  const common::WallTime start_time = common::SystemClock().Wall();
  const std::unique_ptr<storage::Store> store;
  const common::Signer signer;
  net::AcceptedSockets sockets;
  registry::Registry registry;
  const RunningStore running;  // after the detector: it is not told of what nobody would carry out
  std::optional<registry::DetectorThread> detector;  // once all that it tells is there
  registry::PublisherThread publisher;
  std::string address;
  core::Keepalive listener;  // read back
  rpc::Engine engine;
  rpc::HeartbeatService* heartbeat = nullptr;  // the engine's
  rpc::HealthService* health = nullptr;        // likewise
  const std::string canary_secret = rpc::NewCanarySecret();
  rpc::Canary canary;
};

void Server::Parts::AddServices() {
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

std::int64_t Server::Parts::Drain(common::Duration within) {
  registry.BeginDrain();
  health->BeginDrain();
  const std::int64_t asked = heartbeat->Drain(within);
  spdlog::info("draining: asked {} streams to move within {}", asked, common::FormatDuration(within));
  return asked;
}

v1::ServerInfo Server::Parts::Describe() const {
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
  info.set_ready(IsReady());
  rpc::DescribeCanary(registry, canary, config.canary, *info.mutable_canary());
  return info;
}

bool Server::Parts::IsReady() const {
  return !heartbeat->draining() && registry.doubt() != core::CanaryDoubt::kSpent &&
         registry.store_health().ok();
}

absl::Status Server::Parts::Listen(std::shared_ptr<grpc::ServerCredentials> credentials) {
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
  if (!engine.Start(builder).ok() || port == 0) {
    return absl::UnavailableError(net::WhyNotListen(config.listen));
  }
  address = absl::StrCat(config.listen.substr(0, config.listen.rfind(':')), ":", port);

  const auto taken = net::ReadListenerKeepalive(static_cast<std::uint16_t>(port));
  if (!taken.ok())
    return absl::Status(taken.status().code(), absl::StrCat("TCP keepalive: ", taken.status().message()));
  listener = {*taken, options.http2_time, options.http2_timeout};
  if (*taken != common::InForce(options.tcp)) {
    return absl::FailedPreconditionError(
        absl::StrCat("TCP keepalive: the kernel did not take the values for ", address,
                     "; see the --tcp-keepalive flags"));
  }
  return absl::OkStatus();
}

void Server::Parts::OnWitness(const registry::WitnessEvent& event) {
  LogWitness(event, config.max_doubt);
  using Kind = registry::WitnessEvent::Kind;
  if (event.kind == Kind::kUnseen) {
    heartbeat->SendAway(std::chrono::duration_cast<common::Duration>(config.restart_grace * kAwayShare));
  } else if (event.kind == Kind::kSeen) {
    heartbeat->MayStay();
  }
  health->ServingChanged();  // it may have; whoever watches is told only if it has
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config) {
  Config complete = config;
  if (complete.server_id.empty()) complete.server_id = NewServerId();
  std::unique_ptr<DataDirLock> lock;
  if (complete.data_dir != kNoDataDir && !complete.data_dir.empty()) {
    auto taken = DataDirLock::Take(complete.data_dir);
    if (!taken.ok()) return taken.status();
    lock = *std::move(taken);
  }
  auto credentials = auth::MakeServerCredentials(complete.tls);
  if (!credentials.ok()) return credentials.status();
  auto own_credentials = auth::MakeOwnCredentials(complete.tls);
  if (!own_credentials.ok()) return own_credentials.status();

  auto store = OpenStore(complete, common::SystemClock());
  if (!store.ok()) return store.status();
  auto contents = (*store)->Load();
  if (!contents.ok()) return contents.status();
  const std::size_t known = contents->records.size();

  auto parts = std::make_unique<Parts>(complete, std::move(lock), *std::move(store), *std::move(contents));
  parts->AddServices();
  parts->registry.OnWitness([&parts = *parts](const auto& event) { parts.OnWitness(event); });
  parts->detector.emplace(parts->registry, common::SystemClock());
  if (absl::Status listening = parts->Listen(*std::move(credentials)); !listening.ok()) return listening;
  parts->registry.BeginServing();
  if (complete.canary) {
    parts->canary.Start(
        {rpc::CanaryTarget(parts->address), *std::move(own_credentials), parts->canary_secret});
  }
  spdlog::info("server {} serves on {}; store {}, history {}, {} clients known", complete.server_id,
               parts->address, parts->store->kind(), parts->store->history_id(), known);
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

const std::string& Server::address() const { return parts_->address; }

void Server::Drain(const std::function<bool(common::Duration)>& hurry) {
  const common::Clock& clock = common::SystemClock();
  const common::Duration timeout = parts_->config.drain_timeout;
  const common::MonoTime begun = clock.Mono();
  const common::MonoTime end_calls_at = begun + timeout - timeout / kEndShare;

  parts_->registry.BeginShutdown();
  spdlog::info("stopping within {}", common::FormatDuration(timeout));
  parts_->canary.Stop();
  (void)parts_->Drain(timeout / kWindowShare);
  bool in_hurry = false;
  while (parts_->heartbeat->stream_count() != 0 && clock.Mono() < end_calls_at && !in_hurry) {
    in_hurry = hurry(kHurryPoll);
  }
  parts_->engine.EndCalls();
  const common::Duration left = begun + timeout - clock.Mono();
  parts_->engine.Shutdown(in_hurry ? common::Duration::zero() : std::max(left / 2, common::Duration::zero()));
  spdlog::info("stopped");
}

}  // namespace liveness::app
