// The HTTP server ends while requests wait for its workers. What is let go of too late a sanitizer sees.
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/clock.h"
#include "server/auth/call_gate.h"
#include "server/auth/tls.h"
#include "server/http/http_server.h"
#include "tests/support/http_connection.h"

namespace liveness::testing {
namespace {

using std::chrono::milliseconds;

net::ListenSocket ListenOnLoopback() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(listen(fd, 64), 0);
  return {fd, "loopback"};
}

TEST(HttpServerTest, EndsWhileRequestsWaitForAWorker) {
  constexpr int kRequests = 8;
  std::atomic<int> arrived{0};
  std::atomic<bool> go{false};
  http::Router router(auth::OpenGate());
  router.Add("GET", "/", auth::Action::kNone, [&](const std::shared_ptr<http::Exchange>& exchange) {
    EXPECT_TRUE(exchange->RunOnWorker([&go, exchange] {
      while (!go) std::this_thread::sleep_for(milliseconds(1));
      exchange->Respond(http::TextResponse(200, "text/plain", "late"));
    }));
    ++arrived;
  });
  const auto tls = auth::ServerTls::Load({}, common::SystemClock());
  ASSERT_TRUE(tls.ok()) << tls.status();
  http::HttpServer server({}, std::move(router), **tls, [](const std::string&) {});
  std::vector<net::ListenSocket> sockets;
  sockets.push_back(ListenOnLoopback());
  const std::string address = "127.0.0.1:" + std::to_string(sockets[0].port());
  server.Start(std::move(sockets));
  std::vector<std::unique_ptr<HttpConnection>> connections;
  for (int i = 0; i < kRequests; ++i) {
    connections.push_back(std::make_unique<HttpConnection>(address));
    connections.back()->Ask("GET", "/");
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (arrived < kRequests && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(arrived, kRequests);
  // The workers finish what they have begun, and the rest is dropped.
  std::thread late([&go] {
    std::this_thread::sleep_for(milliseconds(100));
    go = true;
  });
  server.Stop();
  late.join();
}

}  // namespace
}  // namespace liveness::testing
