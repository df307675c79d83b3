// The HTTP port: takes connections in and has a router serve their requests.
//
// One thread serves all connections ("http"), and a few workers do what would keep it busy. None of them is
// the detector's or a completion queue's, and all of them give way to those: whatever is asked here, no
// heartbeat waits for it.
//
// Life: Start(), later Stop(). Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/auth/tls.h"
#include "server/http/router.h"
#include "server/http/transport/http_options.h"
#include "server/net/listen_socket.h"

namespace liveness::http {

class HttpServer {
 public:
  // `tls` and what the handlers of `router` use outlive the server. `on_notice` takes a word for the log.
  HttpServer(HttpOptions options, Router router, const auth::ServerTls& tls,
             std::function<void(const std::string&)> on_notice);
  // As Stop().
  ~HttpServer();

  // Serves what connects to `sockets`, which are TCP's. Once.
  void Start(std::vector<net::ListenSocket> sockets);
  // Ends every connection and stream, and joins all threads. Once.
  void Stop();

  // Of those that are served.
  std::size_t connection_count() const;
  // Those beyond the bounds, since the start.
  std::int64_t refused_count() const;

 private:
  struct Core;
  const std::unique_ptr<Core> core_;
};

}  // namespace liveness::http
