// What the command line and the environment asked for, checked and typed.
// Plain data: flags.h fills it, the verbs read it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/clock.h"

namespace liveness::cli {

enum class OutputFormat { kUnset, kTable, kWide, kJson, kYaml, kName };

struct TlsSettings {
  bool enabled = false;   // --tls, or any other of the --tls flags
  std::string ca_file;    // empty: the system's roots
  std::string cert_file;  // set together with key_file
  std::string key_file;
  std::string server_name;  // empty: the host of the address
};

struct GlobalSettings {
  std::vector<std::string> servers;  // HOST:PORT or unix:PATH, tried in this order; never empty
  TlsSettings tls;
  std::string token_file;   // of a bearer token; empty: none
  bool http_proxy = false;  // through the proxy that the environment names
  OutputFormat output = OutputFormat::kUnset;
  bool no_headers = false;
  bool null_after_names = false;            // with kName: each name ends with a NUL instead of a newline
  common::Duration timeout{5'000'000'000};  // of one request
};

struct ListSettings {
  std::string filter;
  std::string order_by;
  std::int64_t limit = 0;  // 0: all
};

struct GetSettings {
  std::vector<std::string> names;  // ids or clients/ID; never empty
  bool last_words = false;         // print the will and the last minute, unless a document was asked for
};

struct WatchSettings {
  std::string filter;
  std::optional<std::uint64_t> start_revision;
  std::string history_id;  // that start_revision belongs to; empty: the server's
  bool since_now = false;
  bool wait = false;  // keep trying also before the first connection
  std::string exec;   // run for each change; empty: nothing
  int exec_parallel = 1;
  common::Duration exec_timeout = std::chrono::minutes(1);
};

struct WaitSettings {
  enum class For { kAlive, kDead, kLeft, kGone };  // kGone: dead or left
  std::string name;                                // or clients/ID
  For what = For::kAlive;
  bool is_given = false;                   // `what` was
  std::optional<common::Duration> within;  // none: for as long as it takes
};

// How many are to be live. At least one of the limits is set.
struct CheckSettings {
  std::string filter;
  std::optional<std::int64_t> min, warn_min;  // of those that are ALIVE and OK
  std::optional<std::int64_t> max, warn_max;  // of those that are ALIVE
};

struct TopSettings {
  std::string filter;
};

struct TransitionsSettings {
  std::string name;  // empty: everybody's
  std::string filter;
  std::int64_t limit = 0;  // 0: all; else only the latest so many
  std::optional<common::Duration> since;
};

struct StatsSettings {
  std::string filter;
  std::string by_label;
};

struct EvictSettings {
  std::vector<std::string> names;
  std::string reason;
  bool forget = false;
};

// Maintenance is set if `span` or `until` is given, and cleared if neither is.
struct MaintenanceSettings {
  std::vector<std::string> names;  // empty if `filter` says whose, which is not empty then
  std::string filter;
  std::optional<common::Duration> span;  // from now on
  std::optional<common::WallTime> until;
  std::string reason;
};

struct ServerInfoSettings {};

struct DrainSettings {
  common::Duration within = std::chrono::seconds(10);
  // How long the server takes no clients: until one of these, or until `undrain` if neither is given.
  std::optional<common::Duration> span;
  std::optional<common::WallTime> until;
  bool undo = false;  // `undrain`: take clients again
  std::string reason;
};

struct AuditSettings {
  std::string filter;
  std::int64_t limit = 0;  // 0: all; else only the latest so many
  std::optional<common::Duration> since;
};

struct HealthSettings {
  std::string service;  // of grpc.health.v1; empty: the server
  common::Duration connect_timeout = std::chrono::seconds(1);
  common::Duration rpc_timeout = std::chrono::seconds(1);
};

struct DoctorSettings {
  std::string target;  // HOST:PORT or unix:PATH
  common::Duration beat_for = std::chrono::seconds(10);
  common::Duration mistake_recurrence = std::chrono::hours(24 * 30);
  std::string id;  // of the client that beats; empty: a random one
};

struct BeatSettings {
  std::string id;  // or clients/ID
  std::string instance_id;
  std::optional<common::Duration> interval;
  std::optional<common::Duration> timeout;
  // Both are given or neither. Where they are, interval and timeout are unset.
  std::optional<common::Duration> found_within;
  std::optional<common::Duration> mistake_recurrence;
  std::string detection;  // fixed, accrual; empty: the server's
  std::optional<double> detection_threshold;
  std::map<std::string, std::string> labels;
  std::string host;
  std::string version_label;
  std::string last_will;
  std::string keepalive_preset;
  bool stop_when_fenced = false;
  bool quiet = false;
  std::vector<std::string> command;  // empty: beat until told to stop
};

struct TokenSettings {
  std::string name;
  std::vector<std::string> roles;
  std::optional<common::Duration> expires;
  std::string file;  // to add the entry to; empty: none
};

struct KeySettings {
  std::string file;
  bool rotate = false;                                // else: show it
  common::Duration from = std::chrono::minutes(1);    // from now on
  common::Duration overlap = std::chrono::hours(24);  // after that
};

struct CompletionSettings {
  std::string shell;  // bash, zsh or fish
};

using VerbSettings =
    std::variant<ListSettings, GetSettings, WatchSettings, WaitSettings, CheckSettings, TopSettings,
                 TransitionsSettings, StatsSettings, EvictSettings, MaintenanceSettings, ServerInfoSettings,
                 DrainSettings, AuditSettings, HealthSettings, DoctorSettings, BeatSettings, TokenSettings,
                 KeySettings, CompletionSettings>;

struct Settings {
  GlobalSettings global;
  VerbSettings verb;
};

}  // namespace liveness::cli
