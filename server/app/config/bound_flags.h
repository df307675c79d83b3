// The flags on what peers may make the server hold.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "common/limits.h"
#include "server/app/config/duration_flag.h"
#include "server/core/filter/filter_cost.h"
#include "server/rpc/engine/call_patience.h"
#include "server/rpc/engine/http2_bounds.h"

namespace liveness::app {

struct BoundSettings {
  rpc::Http2Bounds http2;
  rpc::CallPatience patience;
  std::optional<std::size_t> max_watchers_per_peer;              // as RegistryService's
  std::optional<std::size_t> max_streams_per_principal;          // nothing: a share of --max-clients
  std::uint32_t max_hello_rate = 5'000;                          // as HeartbeatOptions'
  std::size_t max_progress_tokens = common::kMaxProgressTokens;  // likewise
  std::uint32_t max_label_rate = 2;                              // as HeartbeatOptions'
  std::uint32_t max_log_rate = 20;                               // as HeartbeatOptions'
  std::int64_t max_watch_filter_cost = core::kMaxDearWatchFilters;
  std::size_t max_ended = 100'000;  // as RegistryOptions'
};

class BoundFlags {
 public:
  // `settings` takes what is given. Both must outlive the parsing.
  void AddTo(CLI::App& app, BoundSettings& settings);
  // After the parsing. What is wrong, or empty.
  std::string ApplyTo(BoundSettings& settings) const;

 private:
  DurationFlag idle_timeout_, request_timeout_, answer_timeout_;
  std::size_t max_buffer_mib_ = 0;
};

}  // namespace liveness::app
