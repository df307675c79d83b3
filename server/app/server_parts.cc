#include "server/app/server_parts.h"

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "common/duration_text.h"
#include "common/random.h"
#include "common/strings.h"
#include "server/app/access_policy.h"
#include "server/app/config/server_options.h"
#include "server/app/hook_report.h"
#include "server/app/log/witness_log.h"
#include "server/app/metrics_sources.h"
#include "server/app/open_listeners.h"
#include "server/app/process_work.h"
#include "server/app/version.h"
#include "server/hooks/deliveries.h"
#include "server/net/accept_figures.h"
#include "server/rpc/canary/canary_report.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/convert/incident_proto.h"
#include "server/rpc/engine/server_builder.h"
#include "server/rpc/operate/listener_report.h"
#include "server/rpc/operate/reflection_service.h"
#include "server/rpc/query/audit_service.h"
#include "server/rpc/query/registry_service.h"

namespace liveness::app {
namespace {

// Of the time that the other servers give our clients when they take us for gone.
constexpr double kAwayShare = 0.4;
// Without a canary: so long must every accept() fail.
constexpr common::Duration kAcceptPatience = std::chrono::seconds(5);

// So long may the detector not tick before the process is called dead.
constexpr common::Duration kTickPatience = std::chrono::seconds(10);

void LogClosed(const net::Endpoint& last, std::size_t count) {
  spdlog::warn(
      "closed {} connections that sent what no client has to say, or kept a thread from others, the "
      "last from {}",
      count, net::ToText(last));
}

void LogOfHooks(bool bad, const std::string& line) {
  spdlog::log(bad ? spdlog::level::warn : spdlog::level::info, "{}", common::Escape(line));
}

}  // namespace

ServerParts::ServerParts(const Config& given, std::unique_ptr<DataDirLock> taken,
                         std::unique_ptr<auth::ServerTls> loaded, auth::AccessPolicy policy,
                         std::unique_ptr<storage::Store> opened, storage::Contents contents)
    : config(given),
      lock(std::move(taken)),
      store(std::move(opened)),
      signer(std::string_view(reinterpret_cast<const char*>(store->token_key().data()),
                              store->token_key().size())),
      incidents(given.KeepsData() ? given.data_dir : std::string(), common::SystemClock()),
      tls(std::move(loaded)),
      audit(std::make_shared<auth::AuditLog>(common::SystemClock(), given.auth.max_audit_events)),
      access(common::SystemClock(), std::move(policy),
             {.audit = audit, .max_bad_tokens = given.auth.max_bad_tokens}),
      sockets(given.keepalive.http2_time, given.keepalive.http2_timeout),
      ingress({}, common::SystemClock(), ProcessWork, LogClosed),
      registry(MakeRegistryOptions(given), common::SystemClock(), *store, std::move(contents)),
      detector(registry, common::SystemClock()),
      publisher(registry),
      hooks({registry, store->notes(), common::SystemClock(), common::RandomUniform, LogOfHooks},
            std::make_unique<hooks::Deliveries>(hooks::HttpOptions{}, common::SystemClock())),
      engine(MakeEngineOptions(given, sockets, access)),
      drainer(common::SystemClock(), registry, incidents),
      canary(common::SystemClock(), registry.pulses(), static_cast<std::size_t>(config.io_threads)),
      tls_watch(*tls, common::SystemClock(), incidents,
                [this] {
                  if (health != nullptr) health->ServingChanged();
                }),
      access_watch(config, access, common::SystemClock(), incidents, *audit, [this] {
        engine.OnGateChanged();
        if (http != nullptr) http->OnGateChanged();
      }) {}

ServerParts::~ServerParts() {
  watchdog.reset();
  http.reset();
  canary.Stop();
  detector.Stop();
  if (acceptor) acceptor->Stop();
  ingress.Stop();
  engine.Shutdown(common::Duration::zero());
  hooks.Stop();
  running.Stop();
}

void ServerParts::AddServices() {
  const common::Clock& clock = common::SystemClock();
  auto service = std::make_unique<rpc::HeartbeatService>(MakeHeartbeatOptions(config), clock, registry,
                                                         *store, sockets, access);
  heartbeat = service.get();
  engine.Add(std::move(service));
  engine.Add(std::make_unique<rpc::RegistryService>(
      registry, clock, [this](std::string_view message) { return signer.Sign(message); },
      [this] {
        return rpc::StreamCounts{static_cast<std::int64_t>(heartbeat->stream_count()),
                                 heartbeat->ping_count()};
      },
      config.bounds.max_watchers_per_peer));
  engine.Add(std::make_unique<rpc::AdminService>(
      registry, clock, [this] { return Describe(); },
      rpc::AdminService::Drain{
          .goes_on = [this] { return heartbeat->draining(); },
          .begin = [this](auto within, auto length) { return drainer.Begin(within, length); },
          .end = [this] { return drainer.End(); }},
      [this](const std::string& action) {
        spdlog::info("an operator asked: {}", common::Escape(action));
        incidents.Add(core::IncidentKind::kOperator, {}, action);
      },
      audit));
  engine.Add(std::make_unique<rpc::AuditService>(
      *audit, clock, [this](std::string_view message) { return signer.Sign(message); }, config.server_id));
  auto health_service = std::make_unique<rpc::HealthService>(registry, [this] { return IsReady(); });
  health = health_service.get();
  engine.Add(std::move(health_service));
  drainer.Attach(*heartbeat, *health);
  engine.Add(std::make_unique<rpc::CanaryService>(canary_secret, clock, registry.pulses()));
  engine.Add(std::make_unique<rpc::ReflectionService>(std::vector<std::string>{
      v1::HeartbeatService::service_full_name(), v1::RegistryService::service_full_name(),
      v1::AdminService::service_full_name(), ::grpc::health::v1::Health::service_full_name()}));
}

absl::Status ServerParts::OpenAuditFile() {
  if (config.auth.audit_file.empty()) return absl::OkStatus();
  auto opened = AuditFile::Open(config.auth.audit_file, config.server_id, common::SystemClock());
  if (!opened.ok()) return opened.status();
  audit_file = *std::move(opened);
  audit->WriteTo([file = audit_file](const auto& event, auto left_out) { file->Write(event, left_out); });
  return absl::OkStatus();
}

void ServerParts::StartResumeKeys(common::ResumeKeys keys) {
  resume_key_watch.emplace(config.resume_key_file, std::move(keys), common::SystemClock(), incidents, *audit,
                           [this](const auto& taken) { heartbeat->UseKeys(taken); });
}

void ServerParts::StartRegistry() {
  registry.OnWitness([this](const auto& event) { OnWitness(event); });
  running.Start(*store, registry);
  detector.Start();
  hooks.Configure(config.hooks);
}

std::vector<HealthProbe> ServerParts::LiveProbes(common::Duration patience) const {
  std::vector<HealthProbe> probes;
  probes.push_back({"the detector does not tick", [this, patience] {
                      return common::SystemClock().Mono() - detector.last_tick() < patience;
                    }});
  probes.push_back({"an I/O thread does not run", [this] { return !registry.hears_nobody(); }});
  probes.push_back({"no new connection gets in", [this] { return !WhyNotAccepting(); }});
  return probes;
}

void ServerParts::StartWatchdog() {
  if (const auto period = WatchdogPeriod()) watchdog.emplace(*period, LiveProbes(*period / 2));
}

absl::Status ServerParts::StartHttp() {
  auto started = HttpFront::Start(
      config, {registry, engine, *tls, access, access.secret(), [this] { return WhyNotReady(); },
               [probes = LiveProbes(kTickPatience)] {
                 std::vector<std::string> reasons;
                 for (const HealthProbe& probe : probes) {
                   if (!probe.works()) reasons.push_back(probe.name);
                 }
                 return reasons;
               },
               MakeMetricsSources(*this)});
  if (!started.ok()) return started.status();
  http = *std::move(started);
  return absl::OkStatus();
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
  if (const auto end = drainer.end_time()) rpc::ToProto(*end, *info.mutable_drain_end_time());
  const common::WallTime now = common::SystemClock().Wall();
  for (const core::Incident& incident : incidents.Read()) {
    rpc::ToProto(incident, now, *info.add_incidents());
  }
  for (const auth::ServerTls::Loaded& each : tls->certificates()) {
    v1::Certificate& certificate = *info.add_certificates();
    certificate.set_file(common::Escape(each.file));
    certificate.set_subject(each.facts.subject);
    for (const std::string& name : each.facts.names) certificate.add_names(name);
    rpc::ToProto(each.facts.not_before, *certificate.mutable_not_before());
    rpc::ToProto(each.facts.not_after, *certificate.mutable_not_after());
    rpc::ToProto(each.loaded, *certificate.mutable_load_time());
  }
  info.set_access(DescribeAccess(config));
  for (std::string& word : AnonymousMay(config)) info.add_anonymous_may(std::move(word));
  DescribeHooks(hooks.States(), *info.mutable_hooks());
  rpc::DescribeCanary(registry, canary, config.canary, *info.mutable_canary());
  if (accepting.load(std::memory_order_acquire)) {
    rpc::DescribeListener(acceptor->Figures(), canary.last_accepted(), common::SystemClock(),
                          *info.mutable_listener());
  }
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
    add("CANARY_SPENT", absl::StrCat("an I/O thread does not run or fell behind by more than ",
                                     common::FormatDuration(config.max_doubt)));
  }
  if (const absl::Status store_health = registry.store_health(); !store_health.ok()) {
    add("STORE_UNAVAILABLE", common::Escape(common::ToStd(store_health.message())));
  }
  if (const auto why = WhyNotAccepting()) add("NOT_ACCEPTING", common::Escape(*why));
  if (tls->HasExpired(common::SystemClock().Wall())) {
    add("CERTIFICATE_EXPIRED", absl::StrCat("clients refuse the certificate in ", config.tls.cert));
  }
  return reasons;
}

std::optional<std::string> ServerParts::WhyNotAccepting() const {
  if (config.canary) return canary.WhyNotAccepting();
  if (!accepting.load(std::memory_order_acquire)) return std::nullopt;
  // Nobody tries: what is left is what the acceptor itself meets.
  const net::AcceptFigures figures = acceptor->Figures();
  const common::MonoTime now = common::SystemClock().Mono();
  if (!figures.failing_since || now - *figures.failing_since < kAcceptPatience) return std::nullopt;
  return absl::StrCat("connections cannot be accepted: ", figures.last_error);
}

absl::Status ServerParts::Listen(std::shared_ptr<grpc::ServerCredentials> credentials,
                                 std::vector<net::ListenSocket> inherited) {
  auto listeners = OpenListeners(config, std::move(inherited));
  if (!listeners.ok()) return listeners.status();
  const auto max_connections = MaxConnections(config);
  if (!max_connections.ok()) return max_connections.status();
  address = listeners->address;
  listener = {listeners->keepalive, config.keepalive.http2_time, config.keepalive.http2_timeout};

  net::AcceptorOptions options = MakeAcceptorOptions(config, *max_connections);
  options.on_error = [this] { canary.TryAcceptSoon(); };
  acceptor.emplace(common::SystemClock(), std::move(options), std::move(listeners->sockets));

  if (config.channelz) rpc::OfferChannelz();
  grpc::ServerBuilder builder;
  rpc::ConfigureBuilder(builder, {config.keepalive.http2_time, config.keepalive.http2_timeout,
                                  config.channelz, config.bounds.http2});
  const rpc::ConnectionIntake take = rpc::TakeConnections(builder, std::move(credentials));
  if (absl::Status started = engine.Start(builder); !started.ok()) return started;
  ingress.Start();
  acceptor->Start([this, take](int listener_fd, int fd) {
    sockets.OnAccept(fd);
    ingress.OnAccept(fd);
    take(listener_fd, fd);
  });
  accepting.store(true, std::memory_order_release);
  return absl::OkStatus();
}

void ServerParts::OnAccepting(const std::optional<std::string>& why_not) {
  if (why_not) {
    incidents.Begin(core::IncidentKind::kNotAccepting, *why_not);
  } else {
    incidents.End(core::IncidentKind::kNotAccepting);
  }
  health->ServingChanged();
}

void ServerParts::OnWitness(const registry::WitnessEvent& event) {
  LogWitness(event, config.max_doubt);
  NoteWitness(event, incidents);
  using Kind = registry::WitnessEvent::Kind;
  if (event.kind == Kind::kLeaseLost) {
    heartbeat->BeginRelocation(
        std::chrono::duration_cast<common::Duration>(config.restart_grace * kAwayShare));
  } else if (event.kind == Kind::kLeaseBack) {
    heartbeat->EndRelocation();
  }
  health->ServingChanged();  // it may have; whoever watches is told only if it has
}

}  // namespace liveness::app
