#include "server/http/http_server.h"

#include <atomic>
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
#include "absl/strings/str_cat.h"
#include "common/thread_name.h"
#include "server/http/transport/connection.h"
#include "server/http/transport/tls_context.h"
#include "server/http/transport/workers.h"

namespace liveness::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kLook = std::chrono::seconds(1);
// After an accept() that failed for want of descriptors or memory.
constexpr auto kAcceptAgain = std::chrono::milliseconds(100);
// Connections beyond the limit that are told so at one time; more are closed without a word.
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
    const auto endpoint = socket.remote_endpoint(ignored);
    const std::string address = endpoint.address().to_string();
    const bool full = connections.size() >= options.max_connections ||
                      of_address[address] >= options.max_connections - options.max_connections / 4;
    if (full && connections.size() >= options.max_connections + kMostRefused) {
      Forget(address, 0);
      return;  // closes it
    }
    const auto connection = std::make_shared<Connection>(server, std::move(socket), tls.Current());
    connections.emplace(connection.get(), Entry{connection, address});
    ++of_address[address];
    count.store(connections.size(), std::memory_order_relaxed);
    if (full) {
      connection->Refuse();
    } else {
      connection->Start();
    }
  }

  void Closed(Connection* connection) {
    const auto found = connections.find(connection);
    if (found == connections.end()) return;
    Forget(found->second.address, 1);
    connections.erase(found);
    count.store(connections.size(), std::memory_order_relaxed);
  }

  void Forget(const std::string& address, std::size_t connections_less) {
    const auto found = of_address.find(address);
    if (found != of_address.end() && (found->second -= connections_less) == 0) of_address.erase(found);
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
    std::string address;
  };

  const HttpOptions options;
  const Router router;
  const std::function<void(const std::shared_ptr<Exchange>&)> serve;
  TlsContext tls;
  Connection::Server server;
  absl::flat_hash_map<Connection*, Entry> connections;
  absl::flat_hash_map<std::string, std::size_t> of_address;
  std::atomic<std::size_t> count{0};
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

}  // namespace liveness::http
