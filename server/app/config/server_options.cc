#include "server/app/config/server_options.h"

#include <spdlog/spdlog.h>

namespace liveness::app {
namespace {

// With those of every kind: room for some 130,000 streams before any queue is overfull.
constexpr std::size_t kSpareQueues = 31;

}  // namespace

registry::RegistryOptions MakeRegistryOptions(const Config& config) {
  registry::RegistryOptions options;
  options.server_id = config.server_id;
  options.resume_grace = config.resume_grace;
  options.restart_grace = config.restart_grace;
  options.keep_dead = config.keep_dead;
  options.keep_left = config.keep_left;
  options.max_clients = config.max_clients;
  options.max_dear_watch_filters = config.bounds.max_watch_filter_cost;
  options.max_ended = config.bounds.max_ended;
  options.max_history = config.memory_transitions;
  options.max_watchers = config.max_watchers;
  options.queues = static_cast<std::size_t>(config.io_threads) + kSpareQueues;
  options.max_doubt = config.max_doubt;
  options.count_labels = config.metrics.labels;
  options.mass = config.falls.mass;
  options.doubt_share = config.falls.doubt_share;
  options.flap = config.falls.flap;
  options.on_notice = [](const std::string& text) { spdlog::warn(text); };
  return options;
}

rpc::EngineOptions MakeEngineOptions(const Config& config, const net::AcceptedSockets& sockets,
                                     const auth::CallGate& gate) {
  rpc::EngineOptions options;
  options.gate = &gate;
  options.io_threads = config.io_threads;
  options.spare_queues = kSpareQueues;
  options.connections.max_streams = static_cast<std::size_t>(config.bounds.http2.max_streams_per_connection);
  options.patience = config.bounds.patience;
  options.connections.close = [&sockets](const net::Endpoint& peer) { sockets.Close(peer); };
  return options;
}

rpc::HeartbeatOptions MakeHeartbeatOptions(const Config& config) {
  rpc::HeartbeatOptions options;
  options.server_id = config.server_id;
  options.preset = {config.keepalive.heartbeat_interval, config.keepalive.heartbeat_timeout};
  options.bounds.min_interval = config.min_interval;
  options.max_ping_rate = config.max_ping_rate;
  options.max_streams_per_peer = config.max_streams_per_peer;
  options.max_streams_per_principal =
      config.bounds.max_streams_per_principal.value_or(rpc::StreamQuota::ShareOf(config.max_clients));
  options.max_label_rate = config.bounds.max_label_rate;
  options.max_progress_tokens = config.bounds.max_progress_tokens;
  options.max_log_rate = config.bounds.max_log_rate;
  options.max_hello_rate = config.bounds.max_hello_rate;
  return options;
}

}  // namespace liveness::app
