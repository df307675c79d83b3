#include "server/app/config/config.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/flags/command_line.h"
#include "server/app/config/duration_flag.h"
#include "server/app/data_dir.h"
#include "server/app/version.h"

namespace liveness::app {
namespace {

using common::Duration;

// More threads than this only wait for each other.
constexpr int kMaxDefaultIoThreads = 8;

int DefaultIoThreads() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 2, 1, kMaxDefaultIoThreads);
}

struct KeepaliveFlags {
  DurationFlag interval, timeout, tcp_idle, tcp_interval, tcp_user_timeout, http2_time, http2_timeout;
  std::optional<int> tcp_count;

  void AddTo(CLI::App& app) {
    const std::string group = "Keepalive";
    interval.AddTo(app, "--default-interval", "Heartbeat interval of a client that asks for none");
    timeout.AddTo(app, "--default-timeout", "Heartbeat timeout of a client that asks for none");
    tcp_idle.AddTo(app, "--tcp-keepalive-idle", "Quiet time before the kernel's first probe; whole seconds");
    tcp_interval.AddTo(app, "--tcp-keepalive-interval", "Time between the kernel's probes; whole seconds");
    app.add_option("--tcp-keepalive-count", tcp_count, "Unanswered probes after which the kernel gives up");
    tcp_user_timeout.AddTo(app, "--tcp-keepalive-user-timeout",
                           "How long sent bytes may stay unacknowledged; 0: idle + interval * count");
    http2_time.AddTo(app, "--http2-keepalive-time", "Quiet time before an HTTP/2 ping");
    http2_timeout.AddTo(app, "--http2-keepalive-timeout", "How long its answer may take");
    for (const char* name :
         {"--default-interval", "--default-timeout", "--tcp-keepalive-idle", "--tcp-keepalive-interval",
          "--tcp-keepalive-count", "--tcp-keepalive-user-timeout", "--http2-keepalive-time",
          "--http2-keepalive-timeout"}) {
      app.get_option(name)->group(group);
    }
  }

  void ApplyTo(common::KeepaliveSettings& settings) const {
    using std::chrono::seconds;
    interval.ApplyTo(settings.heartbeat_interval);
    timeout.ApplyTo(settings.heartbeat_timeout);
    if (tcp_idle.value()) settings.tcp.idle = std::chrono::ceil<seconds>(*tcp_idle.value());
    if (tcp_interval.value()) settings.tcp.interval = std::chrono::ceil<seconds>(*tcp_interval.value());
    if (tcp_count) settings.tcp.count = *tcp_count;
    // A preset's user timeout belongs to its probes: other probes, their own sum.
    if (tcp_idle.value() || tcp_interval.value() || tcp_count) settings.tcp.user_timeout = {};
    if (tcp_user_timeout.value()) {
      settings.tcp.user_timeout = std::chrono::ceil<std::chrono::milliseconds>(*tcp_user_timeout.value());
    }
    http2_time.ApplyTo(settings.http2_time);
    http2_timeout.ApplyTo(settings.http2_timeout);
  }
};

std::string FlagOf(const std::string& field) {
  if (field == "heartbeat_interval") return "--default-interval";
  if (field == "heartbeat_timeout") return "--default-timeout";
  std::string flag = "--" + field;
  std::replace(flag.begin(), flag.end(), '_', '-');
  for (const std::string layer : {"--tcp", "--http2"}) {
    if (flag.starts_with(layer)) flag.insert(layer.size(), "-keepalive");
  }
  return flag;
}

ParsedConfig Refuse(const std::string& why) {
  return {std::nullopt, 2, "", "livenessd: " + why + "\nTry 'livenessd --help'.\n"};
}

}  // namespace

ParsedConfig ParseConfig(int argc, const char* const* argv) {
  Config config;
  config.io_threads = DefaultIoThreads();
  KeepaliveFlags keepalive;
  std::string fsync = "batch";
  std::string canary = "on";
  DurationFlag min_interval, resume_grace, restart_grace, drain_timeout, keep_dead, keep_left, max_doubt,
      history_age;
  MassFailureFlags falls;
  ListenFlags listen;
  HttpFlags http;
  MetricsFlags metrics;
  BoundFlags bounds;

  CLI::App app(
      "The liveness server: knows which processes are live, and why one is gone.\n"
      "Durations are written 250ms, 6s, 2m, 1h30m.",
      "livenessd");
  app.set_version_flag("--version", std::string("livenessd ") + kVersion);
  app.get_formatter()->column_width(36);
  app.option_defaults()->take_last();
  listen.AddTo(app, config.listen);
  app.add_option("--server-id", config.server_id,
                 "Name of this server; a new one at each start if not given");
  app.add_option("--data-dir", config.data_dir,
                 "Where the clients are kept over a restart, locked while the server runs; made if missing. "
                 "Not given: below $XDG_STATE_HOME or ~/.local/state. :memory: for none, as with port 0")
      ->type_name("DIR");
  app.add_option("--store", config.store,
                 "memory | sqlite, in the data directory | etcd, for several servers")
      ->capture_default_str()
      ->check(CLI::IsMember({"memory", "sqlite", "etcd"}));
  app.add_option(
         "--fsync", fsync,
         "batch: synced behind each commit, power loss costs 50 ms at most | always: before it, nothing")
      ->capture_default_str()
      ->check(CLI::IsMember({"batch", "always"}));
  history_age.AddTo(app, "--history-age", "How long --store=sqlite keeps transitions (168h)",
                    std::chrono::seconds(1));
  app.add_option("--history-transitions", config.history_transitions,
                 "How many it keeps; what is beyond either is dropped, the oldest first")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--etcd-endpoints", config.etcd_endpoints, "Members of the etcd that several servers share")
      ->type_name("HOST:PORT,...")
      ->delimiter(',');
  app.add_option("--etcd-prefix", config.etcd_prefix, "Of all keys there; ends in /")->capture_default_str();
  app.add_option("--etcd-ca", config.etcd_ca, "Whose certificate etcd bears (PEM); turns TLS to it on")
      ->type_name("FILE");
  app.add_option("--etcd-cert", config.etcd_cert, "This server's certificate for etcd (PEM)")
      ->type_name("FILE");
  app.add_option("--etcd-key", config.etcd_key, "Its private key (PEM)")->type_name("FILE");
  app.add_option("--etcd-user", config.etcd_user, "User of etcd");
  app.add_option("--etcd-password-file", config.etcd_password_file,
                 "Whose first line is that user's password")
      ->type_name("FILE");
  app.add_flag(
      "--etcd-http-proxy", config.etcd_http_proxy,
      "Reach etcd through the proxy of $grpc_proxy, $https_proxy or $http_proxy; not given: directly");
  app.add_option("--io-threads", config.io_threads, "Threads that serve streams")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--log-level", config.log_level, "debug | info | warn | error; to stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_flag("--channelz", config.channelz, "Serve gRPC channelz; costs memory per connection");

  app.add_option("--keepalive-preset", config.keepalive_preset,
                 "standard (10s/40s) or strict (3s/9s); the flags below change single values of it")
      ->check(CLI::IsMember({"standard", "strict"}))
      ->capture_default_str()
      ->group("Keepalive");
  keepalive.AddTo(app);

  min_interval.AddTo(app, "--min-interval", "Shortest heartbeat interval that is granted (100ms)",
                     std::chrono::milliseconds(1));
  resume_grace.AddTo(app, "--resume-grace", "Time between SUSPECT and DEAD (1s)");
  restart_grace.AddTo(
      app, "--restart-grace",
      "Time that known clients have to come back after a restart, or their timeout if that is "
      "longer (5s)");
  drain_timeout.AddTo(app, "--drain-timeout", "Longest time from SIGTERM to the end (5s)");
  keep_dead.AddTo(app, "--keep-dead", "How long DEAD clients are listed (24h)");
  keep_left.AddTo(app, "--keep-left", "How long clients that LEFT are listed (1h)");

  app.add_option("--canary", canary,
                 "on | off; whether the server beats on its own listener, to know when it cannot receive")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  max_doubt.AddTo(app, "--max-doubt",
                  "Longest time that deadlines stand on the canary's word, and after the machine slept (10s)",
                  std::chrono::milliseconds(100));

  http.AddTo(app, config.http);
  metrics.AddTo(app, config.metrics);
  falls.AddTo(app, config.falls);
  bounds.AddTo(app, config.bounds);
  app.add_option("--max-ping-rate", config.max_ping_rate,
                 "Pings beyond this many times a client's interval end its stream; 0: no limit")
      ->capture_default_str();
  app.add_option("--max-streams-per-peer", config.max_streams_per_peer,
                 "Heartbeat streams from one address; 0: no limit")
      ->capture_default_str();
  app.add_option("--max-clients", config.max_clients, "Live clients")->capture_default_str();
  app.add_option("--max-watchers", config.max_watchers, "WatchClients streams")->capture_default_str();

  app.add_option("--tls-cert", config.tls.cert, "Certificate chain (PEM); turns TLS on")->type_name("FILE");
  app.add_option("--tls-key", config.tls.key, "Its private key (PEM)")->type_name("FILE");
  app.add_option("--tls-ca", config.tls.ca, "Whose client certificates are accepted (PEM)")
      ->type_name("FILE");
  app.add_flag("--tls-require-client-cert", config.tls.require_client_cert,
               "Refuse clients without a certificate of --tls-ca");

  try {
    common::ParseWords(app, std::vector<std::string>(argv + std::min(argc, 1), argv + argc), {});
  } catch (const CLI::CallForHelp&) {
    return {std::nullopt, 0, app.help(), ""};
  } catch (const CLI::CallForVersion& version) {
    return {std::nullopt, 0, std::string(version.what()) + "\n", ""};
  } catch (const CLI::ParseError& error) {
    return Refuse(common::PlainText(error.what()));
  }

  if (const std::string wrong = listen.ApplyTo(config.listen); !wrong.empty()) return Refuse(wrong);
  if (const std::string wrong = http.ApplyTo(config.http); !wrong.empty()) return Refuse(wrong);
  config.keepalive = *common::PresetByName(config.keepalive_preset);
  keepalive.ApplyTo(config.keepalive);
  if (const auto violations = common::Validate(config.keepalive); !violations.empty()) {
    return Refuse(FlagOf(violations.front().field) + ": " + violations.front().description);
  }
  if (const std::string wrong = MetricsFlags::ApplyTo(config.metrics); !wrong.empty()) return Refuse(wrong);
  if (const std::string wrong = falls.ApplyTo(config.falls); !wrong.empty()) return Refuse(wrong);
  if (const std::string wrong = bounds.ApplyTo(config.bounds); !wrong.empty()) return Refuse(wrong);
  min_interval.ApplyTo(config.min_interval);
  resume_grace.ApplyTo(config.resume_grace);
  restart_grace.ApplyTo(config.restart_grace);
  drain_timeout.ApplyTo(config.drain_timeout);
  keep_dead.ApplyTo(config.keep_dead);
  keep_left.ApplyTo(config.keep_left);
  history_age.ApplyTo(config.history_age);
  config.fsync_always = fsync == "always";
  if (config.store == "etcd" && config.etcd_endpoints.empty()) {
    return Refuse("--store=etcd needs --etcd-endpoints=HOST:PORT[,HOST:PORT...]");
  }
  if (config.store == "sqlite") {
    if (config.data_dir.empty()) {
      auto dir = DefaultDataDir(config.listen.addresses.front());
      if (!dir.ok()) return Refuse(std::string(dir.status().message()));
      config.data_dir = *std::move(dir);
    }
    if (config.data_dir == kNoDataDir) config.store = "memory";
  }
  max_doubt.ApplyTo(config.max_doubt);
  config.canary = canary == "on";
  ParsedConfig parsed;
  parsed.config = std::move(config);
  return parsed;
}

}  // namespace liveness::app
