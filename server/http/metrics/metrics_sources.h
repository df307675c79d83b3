// What the metrics are read from: what they may ask for themselves, and functions for what other parts of the
// server know. All are asked on a worker's thread at each scrape, must be thread-safe and quick, and outlive
// the HTTP port.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/measure/histogram.h"
#include "server/auth/tls.h"
#include "server/net/accept_figures.h"
#include "server/registry/registry.h"
#include "server/storage/store.h"

namespace liveness::http {

// Since the start.
struct MethodSample {
  std::string method;  // `liveness.v1.RegistryService/GetClient`; `other` for those that do not exist
  std::uint64_t began = 0;
  std::array<std::uint64_t, 17> ended{};                           // by status code
  std::optional<common::Histogram::Reading> times = std::nullopt;  // nothing: it is a stream
};

struct StreamSample {
  std::size_t open = 0;
  std::int64_t heartbeats = 0;
  std::int64_t merged_label_changes = 0;
  std::int64_t progress_left_out = 0;
  common::Histogram::Reading rtts;
  std::map<std::string, std::uint64_t> bad_ends;  // by reason
  std::uint64_t lines_left_out = 0;
};

struct HookSample {
  std::string name;
  std::uint64_t taken = 0, failed = 0, gone = 0, misplaced = 0;  // attempts
  std::uint64_t given_up = 0, silenced = 0, gaps = 0;            // events
  bool leads = true;
  bool in_flight = false;
  common::Duration lag{};  // zero: nothing waits
};

// Since the start, but for `kept`.
struct AuditSample {
  std::map<std::string, std::uint64_t> noted;  // by outcome
  std::uint64_t folded = 0, dropped = 0;
  std::uint64_t bad_tokens = 0, bad_tokens_limited = 0;
  std::uint64_t lines_written = 0, lines_lost = 0, lines_too_fast = 0;
  std::size_t kept = 0;
};

struct MetricsSources {
  const registry::Registry& registry;
  const storage::Store& store;
  const auth::ServerTls& tls;
  const common::Clock& clock;
  std::string version;
  std::string server_id;
  common::WallTime start_time{};
  std::function<std::vector<std::string>()> why_not_ready;  // reasons
  std::function<common::MonoTime()> last_tick;              // of the detector
  std::function<StreamSample()> streams;                    // Heartbeat calls
  std::function<std::vector<MethodSample>()> methods;
  std::function<std::map<std::string, std::size_t>()> queues;  // how much waits in each, by name
  std::function<std::optional<net::AcceptFigures>()> accept;   // nothing before it listens
  std::function<std::size_t()> http_connections;
  std::function<std::int64_t()> http_refused;
  std::function<std::vector<HookSample>()> hooks;  // null: there are none
  std::function<AuditSample()> audit = nullptr;    // null: there is none
  std::vector<std::string> anonymous_may = {};     // what anybody may, each in a word (--insecure-anonymous)
};

}  // namespace liveness::http
