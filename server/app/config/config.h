// The configuration of livenessd: its flags, wherever their values stand. The help text is the manual: what
// it does not say is not so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/keepalive.h"
#include "server/app/config/auth_flags.h"
#include "server/app/config/bound_flags.h"
#include "server/app/config/http_flags.h"
#include "server/app/config/listen_flags.h"
#include "server/app/config/mass_failure_flags.h"
#include "server/app/config/metrics_flags.h"
#include "server/app/config/setting.h"
#include "server/app/data_dir.h"
#include "server/auth/tls.h"
#include "server/hooks/hook_config.h"

namespace liveness::app {

struct Config {
  std::string file;               // --config; empty: none
  std::vector<Setting> settings;  // all flags, with where their values come from

  ListenSettings listen;
  HttpSettings http;
  std::string store = "sqlite";             // memory, sqlite or etcd
  std::string data_dir;                     // empty: none
  std::vector<std::string> etcd_endpoints;  // HOST:PORT
  std::string etcd_prefix = "/liveness/";
  std::string etcd_ca, etcd_cert, etcd_key;  // PEM files
  std::string etcd_user, etcd_password_file;
  bool etcd_http_proxy = false;
  bool fsync_always = false;  // sync the disk with each commit, not behind it
  common::Duration history_age = std::chrono::hours(7 * 24);
  std::size_t history_transitions = 1'000'000;
  std::size_t memory_transitions = 200'000;
  std::string resume_key_file;  // empty: none
  std::string server_id;        // empty: HOST-XXXXXXXX, new at each start

  std::string keepalive_preset = "standard";
  common::KeepaliveSettings keepalive;  // the preset with the flags applied

  common::Duration min_interval = std::chrono::milliseconds(100);
  common::Duration resume_grace = std::chrono::seconds(1);
  common::Duration restart_grace = std::chrono::seconds(5);
  common::Duration drain_timeout = std::chrono::seconds(5);
  common::Duration keep_dead = std::chrono::hours(24);
  common::Duration keep_left = std::chrono::hours(1);
  common::Duration max_doubt = std::chrono::seconds(10);
  bool canary = true;

  MetricsSettings metrics;
  FallSettings falls;
  BoundSettings bounds;
  std::vector<hooks::HookConfigPtr> hooks;  // the `[[hook]]` tables of `file`

  std::uint32_t max_ping_rate = 10;
  std::size_t max_streams_per_peer = 50'000;
  std::size_t max_clients = 1'000'000;
  std::size_t max_watchers = 1'000;
  int io_threads = 1;

  auth::TlsFiles tls;
  AuthSettings auth;
  bool inherits_wide = false;  // others than this host reach a socket that systemd opened
  // There is a directory of this server's own.
  bool KeepsData() const { return !data_dir.empty() && data_dir != kNoDataDir; }

  bool channelz = false;
  bool core_dumps = false;
  std::string log_level = "info";
};

struct ParsedConfig {
  std::optional<Config> config;  // nothing: leave with `exit_code`
  int exit_code = 0;             // 0 for --help and the like, 2 for what is wrong
  std::string out;               // for stdout
  std::string err;               // for stderr, ends in a line break
};

// Reads the environment and the file of --config too, and does what `config check` and `config print` ask
// for. Blocks for as long as a disk does. Not thread-safe: main's.
ParsedConfig ParseConfig(int argc, const char* const* argv);

}  // namespace liveness::app
