#include "server/app/open_listeners.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "server/net/descriptor_limit.h"
#include "server/net/listen_address.h"

namespace liveness::app {
namespace {

// Where the limit of open files is none, or nearly.
constexpr std::size_t kMostByDefault = 1'000'000;
// An address that was quiet may open as many connections at once as it may in so many seconds.
constexpr std::uint32_t kRateBurst = 10;

std::string AddressOf(const net::ListenAddress& asked, const net::ListenSocket& socket) {
  return asked.is_unix() ? asked.text : net::WithPort(asked, socket.port());
}

}  // namespace

net::ListenOptions MakeListenOptions(const Config& config) {
  net::ListenOptions options;
  options.keepalive = config.keepalive.tcp;
  options.backlog = config.listen.backlog;
  options.unix_mode = config.listen.unix_mode;
  options.on_notice = [](const std::string& text) { spdlog::warn(text); };
  return options;
}

absl::StatusOr<Listeners> OpenListeners(const Config& config, std::vector<net::ListenSocket> inherited) {
  Listeners listeners;
  listeners.sockets = std::move(inherited);
  const bool were_inherited = !listeners.sockets.empty();
  if (!were_inherited || config.listen.given) {
    auto opened = net::Listen(config.listen.addresses, MakeListenOptions(config));
    if (!opened.ok()) return opened.status();
    std::move(opened->begin(), opened->end(), std::back_inserter(listeners.sockets));
  }
  const net::ListenSocket& first = listeners.sockets.front();
  listeners.address = were_inherited ? first.text() : AddressOf(config.listen.addresses.front(), first);

  const common::TcpKeepalive wanted = common::InForce(config.keepalive.tcp);
  listeners.keepalive.enabled = false;
  for (const net::ListenSocket& socket : listeners.sockets) {
    if (!socket.is_tcp()) continue;
    const common::TcpKeepaliveReading taken = common::GetTcpKeepalive(socket.fd());
    if (taken.error || taken.values != wanted) {
      return absl::FailedPreconditionError(
          absl::StrCat("TCP keepalive: the kernel did not take the values for ", socket.text(),
                       "; see the --tcp-keepalive flags"));
    }
    listeners.keepalive = taken.values;
  }
  return listeners;
}

std::size_t MaxHttpConnections(const Config& config) {
  if (!config.http.address) return 0;
  return std::min(config.http.max_connections, net::DescriptorLimit() / 8);
}

absl::StatusOr<std::size_t> MaxConnections(const Config& config) {
  const std::size_t limit = net::DescriptorLimit();
  const std::size_t fit = net::ConnectionsWithin(limit, net::OpenDescriptors() + MaxHttpConnections(config));
  if (fit == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the limit of ", limit,
                     " open files leaves no room for connections: raise it (ulimit -n, LimitNOFILE=)"));
  }
  if (config.listen.max_connections == 0) return std::min(fit, kMostByDefault);
  if (config.listen.max_connections <= fit) return config.listen.max_connections;
  return absl::FailedPreconditionError(absl::StrCat("--max-connections=", config.listen.max_connections,
                                                    ": the limit of ", limit, " open files bears ", fit,
                                                    "; raise it (ulimit -n, LimitNOFILE=)"));
}

net::AcceptorOptions MakeAcceptorOptions(const Config& config, std::size_t max_connections) {
  net::AcceptorOptions options;
  options.admission.max_connections = max_connections;
  options.admission.rate.each = core::EachOf(config.listen.max_connection_rate);
  options.admission.rate.burst = config.listen.max_connection_rate * kRateBurst;
  options.keepalive = config.keepalive.tcp;
  options.on_notice = [](const std::string& text) { spdlog::warn(text); };
  return options;
}

}  // namespace liveness::app
