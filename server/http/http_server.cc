#include "server/http/http_server.h"

#include <array>
#include <atomic>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/container/flat_hash_map.h"
#include "common/thread_name.h"
#include "common/thread_priority.h"
#include "server/http/transport/connection.h"
#include "server/http/transport/tls_context.h"
#include "server/http/transport/workers.h"
#include "server/net/endpoint.h"

namespace liveness::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kLook = std::chrono::seconds(1);
// After an accept() that failed for want of descriptors or memory.
constexpr auto kAcceptAgain = std::chrono::milliseconds(100);
// Connections beyond the limit that are told so at one time; more are closed without a word. They take
// nobody's place: else who is refused often would leave none to the others.
constexpr std::size_t kMostRefused = 64;

}  // namespace

// All but the queue of posted jobs is the HTTP thread's.
struct HttpServer::Core {
  Core(HttpOptions given, Router routes, const auth::ServerTls& server_tls,
       std::function<void(const std::string&)> notice)
      : options(std::move(given)),
        router(std::move(routes)),
        serve([this](const std::shared_ptr<Exchange>& exchange) { router.Serve(exchange); }),
        tls(server_tls, std::move(notice)),
        server{options, serve, workers, [this](Connection* connection) { Closed(connection); }},
        workers(options.workers, options.max_queued_jobs) {}

  struct Listener {
    tcp::acceptor acceptor;
    asio::steady_timer again;
    net::ListenSocket socket;  // of which the acceptor has a copy
  };

  void Accept(Listener& listener) {
    listener.acceptor.async_accept([this, &listener](boost::system::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || stopping) return;
      if (error) {
        listener.again.expires_after(kAcceptAgain);
        listener.again.async_wait([this, &listener](boost::system::error_code waited) {
          if (!waited) Accept(listener);
        });
        return;
      }
      Take(std::move(socket));
      Accept(listener);
    });
  }

  void Take(tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::send_buffer_size(options.send_buffer_bytes), ignored);
    const auto from = NetworkOf(socket);
    if (!from) return;  // gone already
    const std::size_t served = count.load(std::memory_order_relaxed);
    std::size_t& of_network = by_network[*from];
    const bool is_served = served < options.max_connections &&
                           of_network < options.max_connections - options.max_connections / 4;
    if (!is_served) {
      if (of_network == 0) by_network.erase(*from);
      refused.fetch_add(1, std::memory_order_relaxed);
      if (connections.size() - served >= kMostRefused) return;  // closes it
    }
    const auto connection = std::make_shared<Connection>(server, std::move(socket), tls.Current());
    connections.emplace(connection.get(), Entry{connection, is_served ? from : std::nullopt});
    if (is_served) {
      ++of_network;
      count.store(served + 1, std::memory_order_relaxed);
      connection->Start();
    } else {
      connection->Refuse();
    }
  }

  // What counts as one caller: an address, or an IPv6 /64.
  using Network = std::array<std::uint8_t, 16>;
  static std::optional<Network> NetworkOf(const tcp::socket& socket) {
    boost::system::error_code error;
    const auto peer = socket.remote_endpoint(error);
    sockaddr_storage address{};
    std::memcpy(&address, peer.data(), peer.size());
    const auto endpoint = net::FromSockaddr(address);
    return error || !endpoint ? std::nullopt : std::optional(net::NetworkOf(*endpoint));
  }

  void Closed(Connection* connection) {
    const auto found = connections.find(connection);
    if (found == connections.end()) return;
    if (found->second.from) {
      if (--by_network[*found->second.from] == 0) by_network.erase(*found->second.from);
      count.fetch_sub(1, std::memory_order_relaxed);
    }
    connections.erase(found);
  }

  // Closing one may end others of the same handler: what is looked at is a copy.
  std::vector<std::shared_ptr<Connection>> All() const {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [key, entry] : connections) {
      if (auto connection = entry.connection.lock()) all.push_back(std::move(connection));
    }
    return all;
  }

  void Look() {
    for (const auto& connection : All()) connection->Look();
    look.expires_after(kLook);
    look.async_wait([this](boost::system::error_code error) {
      if (!error && !stopping) Look();
    });
  }

  struct Entry {
    std::weak_ptr<Connection> connection;
    std::optional<Network> from;  // nothing: it is refused
  };

  const HttpOptions options;
  const Router router;
  const std::function<void(const std::shared_ptr<Exchange>&)> serve;
  TlsContext tls;
  Connection::Server server;
  absl::flat_hash_map<Connection*, Entry> connections;
  absl::flat_hash_map<Network, std::size_t> by_network;
  std::atomic<std::size_t> count{0};  // of those that are served
  std::atomic<std::int64_t> refused{0};
  bool stopping = false;

  asio::io_context io{1};
  std::vector<std::unique_ptr<Listener>> listeners;
  asio::steady_timer look{io};
  // Goes before `io`: a job that was never begun lets go of its connection as it is dropped, by way of `io`.
  // What then waits in `io` lets go of the connections themselves, which are told to `connections` above.
  Workers workers;
  std::thread thread;
};

HttpServer::HttpServer(HttpOptions options, Router router, const auth::ServerTls& tls,
                       std::function<void(const std::string&)> on_notice)
    : core_(std::make_unique<Core>(std::move(options), std::move(router), tls, std::move(on_notice))) {}

HttpServer::~HttpServer() { Stop(); }

void HttpServer::Start(std::vector<net::ListenSocket> sockets) {
  for (net::ListenSocket& socket : sockets) {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    (void)getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &length);
    tcp::acceptor acceptor(core_->io);
    acceptor.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(),
                    fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0));
    core_->listeners.push_back(std::make_unique<Core::Listener>(
        Core::Listener{std::move(acceptor), asio::steady_timer(core_->io), std::move(socket)}));
  }
  core_->thread = std::thread([core = core_.get()] {
    common::NameThisThread("http");
    common::LowerThisThreadsPriority();  // heartbeats first
    for (const auto& listener : core->listeners) core->Accept(*listener);
    core->Look();
    core->io.run();
  });
}

void HttpServer::Stop() {
  if (core_->thread.joinable()) {
    asio::post(core_->io, [core = core_.get()] {
      core->stopping = true;
      for (const auto& listener : core->listeners) listener->acceptor.close();
      core->look.cancel();
      for (const auto& connection : core->All()) connection->Close();
    });
  }
  core_->workers.Stop();  // what it has still to answer goes to closed connections
  if (!core_->thread.joinable()) return;
  asio::post(core_->io, [core = core_.get()] { core->io.stop(); });
  core_->thread.join();
}

std::size_t HttpServer::connection_count() const { return core_->count.load(std::memory_order_relaxed); }

std::int64_t HttpServer::refused_count() const { return core_->refused.load(std::memory_order_relaxed); }

}  // namespace liveness::http
