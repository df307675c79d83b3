#include "server/app/config/store_flags.h"

#include <chrono>
#include <utility>

#include "common/flags/numbers.h"
#include "server/app/config/config.h"
#include "server/app/data_dir.h"

namespace liveness::app {

void StoreFlags::AddTo(CLI::App& app, Config& config) {
  data_dir_ =
      app.add_option(
             "--data-dir", config.data_dir,
             "Where the clients are kept over a restart, locked while the server runs; made if missing. "
             "Not given: below $XDG_STATE_HOME or ~/.local/state. :memory: for none, as with port 0")
          ->type_name("DIR");
  app.add_option("--store", config.store,
                 "memory | sqlite, in the data directory | etcd, for several servers")
      ->capture_default_str()
      ->check(CLI::IsMember({"memory", "sqlite", "etcd"}));
  app.add_option(
         "--fsync", fsync_,
         "batch: synced behind each commit, power loss costs 50 ms at most | always: before it, nothing")
      ->capture_default_str()
      ->check(CLI::IsMember({"batch", "always"}));
  app.add_option(
         "--resume-key-file", config.resume_key_file,
         "Keys that resume tokens are signed with, as `livenessctl key rotate` writes them (TOML, mode "
         "0600); not given: the store's own key, for good")
      ->type_name("FILE");
  history_age_.AddTo(app, "--history-age", "How long --store=sqlite keeps transitions (168h)",
                     std::chrono::seconds(1));
  app.add_option("--history-transitions", config.history_transitions,
                 "How many it keeps; what is beyond either is dropped, the oldest first")
      ->check(common::CountBetween(1, 1'000'000'000))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--memory-transitions", config.memory_transitions,
                 "How many are kept in memory, whatever the store: a watch resumes from these")
      ->check(common::CountBetween(1'000, 100'000'000))
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
}

std::string StoreFlags::ApplyTo(Config& config) const {
  history_age_.ApplyTo(config.history_age);
  config.fsync_always = fsync_ == "always";
  if (config.store == "etcd" && config.etcd_endpoints.empty()) {
    return "--store=etcd needs --etcd-endpoints=HOST:PORT[,HOST:PORT...]";
  }
  if (config.store != "sqlite") return {};
  if (config.data_dir.empty() && !config.listen.addresses.empty()) {
    auto dir = DefaultDataDir(config.listen.addresses.front());
    if (!dir.ok()) return std::string(dir.status().message());
    config.data_dir = *std::move(dir);
    data_dir_->default_str(config.data_dir);
  }
  if (config.data_dir == kNoDataDir) config.store = "memory";
  return {};
}

}  // namespace liveness::app
