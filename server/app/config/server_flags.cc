#include "server/app/config/server_flags.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

#include "common/flags/numbers.h"
#include "common/strings.h"
#include "common/validation.h"
#include "server/app/config/config.h"

namespace liveness::app {
namespace {

// More threads than this only wait for each other.
constexpr int kMaxDefaultIoThreads = 8;
// More than any server serves: what is beyond was not meant.
constexpr std::uint64_t kMostRate = 1'000'000;
constexpr std::uint64_t kMostClients = 100'000'000;
constexpr std::uint64_t kMostWatchers = 1'000'000;

int DefaultIoThreads() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 2, 1, kMaxDefaultIoThreads);
}

// It stands in logs, in etcd and in what clients are told: as an id of theirs does.
std::string CheckServerId(const std::string& server_id) {
  std::vector<common::FieldViolation> wrong;
  if (!server_id.empty()) common::CheckId("--server-id", server_id, &wrong);
  return wrong.empty() ? "" : common::StrCat("--server-id: ", wrong.front().description);
}

}  // namespace

void ServerFlags::AddTo(CLI::App& app, Config& config) {
  config.io_threads = DefaultIoThreads();
  listen_.AddTo(app, config.listen);
  app.add_option("--server-id", config.server_id,
                 "Name of this server, up to 128 bytes of plain text; a new one at each start if not given");
  store_.AddTo(app, config);
  app.add_option("--io-threads", config.io_threads, "Threads that serve streams")
      ->check(common::CountBetween(1, 256))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--log-level", config.log_level, "debug | info | warn | error; to stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_flag("--channelz", config.channelz, "Serve gRPC channelz; costs memory per connection");
  app.add_flag(
      "--core-dumps", config.core_dumps,
      "Let a crash leave a core, and a debugger of the same user's in: private keys and passwords are in "
      "such a file");

  keepalive_.AddTo(app, config.keepalive_preset);

  min_interval_.AddTo(app, "--min-interval", "Shortest heartbeat interval that is granted (100ms)",
                      std::chrono::milliseconds(1));
  resume_grace_.AddTo(app, "--resume-grace", "Time between SUSPECT and DEAD (1s)");
  restart_grace_.AddTo(
      app, "--restart-grace",
      "Time that known clients have to come back after a restart, or their timeout if that is "
      "longer (5s)");
  drain_timeout_.AddTo(app, "--drain-timeout", "Longest time from SIGTERM to the end (5s)");
  keep_dead_.AddTo(app, "--keep-dead", "How long DEAD clients are listed (24h)");
  keep_left_.AddTo(app, "--keep-left", "How long clients that LEFT are listed (1h)");

  app.add_option("--canary", canary_,
                 "on | off; whether the server beats on its own listener, to know when it cannot receive")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  max_doubt_.AddTo(
      app, "--max-doubt",
      "Longest time that deadlines stand on the canary's word, and after the machine slept (10s)",
      std::chrono::milliseconds(100));

  http_.AddTo(app, config.http);
  metrics_.AddTo(app, config.metrics);
  falls_.AddTo(app, config.falls);
  bounds_.AddTo(app, config.bounds);
  app.add_option("--max-ping-rate", config.max_ping_rate,
                 "Pings beyond this many times a client's interval end its stream; 0: no limit")
      ->check(common::CountBetween(0, kMostRate))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--max-streams-per-peer", config.max_streams_per_peer,
                 "Heartbeat streams from one address; 0: no limit")
      ->check(common::CountBetween(0, kMostClients))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--max-clients", config.max_clients, "Live clients")
      ->check(common::CountBetween(0, kMostClients))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--max-watchers", config.max_watchers, "WatchClients streams")
      ->check(common::CountBetween(0, kMostWatchers))
      ->type_name("COUNT")
      ->capture_default_str();

  app.add_option("--tls-cert", config.tls.cert, "Certificate chain (PEM); turns TLS on")->type_name("FILE");
  app.add_option("--tls-key", config.tls.key, "Its private key (PEM)")->type_name("FILE");
  app.add_option("--tls-ca", config.tls.ca, "Whose client certificates are accepted (PEM)")
      ->type_name("FILE");
  app.add_flag("--tls-require-client-cert", config.tls.require_client_cert,
               "Refuse clients without a certificate of --tls-ca");
  auth_.AddTo(app, config.auth);
}

std::vector<std::string> ServerFlags::ApplyTo(Config& config) const {
  std::vector<std::string> all;
  const auto add = [&all](std::string wrong) {
    if (!wrong.empty()) all.push_back(std::move(wrong));
  };
  add(listen_.ApplyTo(config.listen));
  add(CheckServerId(config.server_id));
  add(http_.ApplyTo(config.http));
  add(keepalive_.ApplyTo(config.keepalive_preset, config.keepalive));
  add(MetricsFlags::ApplyTo(config.metrics));
  add(falls_.ApplyTo(config.falls));
  add(bounds_.ApplyTo(config.bounds));
  add(auth_.ApplyTo(config.auth));
  add(store_.ApplyTo(config));
  min_interval_.ApplyTo(config.min_interval);
  resume_grace_.ApplyTo(config.resume_grace);
  restart_grace_.ApplyTo(config.restart_grace);
  drain_timeout_.ApplyTo(config.drain_timeout);
  keep_dead_.ApplyTo(config.keep_dead);
  keep_left_.ApplyTo(config.keep_left);
  max_doubt_.ApplyTo(config.max_doubt);
  config.canary = canary_ == "on";
  return all;
}

}  // namespace liveness::app
