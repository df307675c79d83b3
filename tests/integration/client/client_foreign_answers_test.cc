// Somebody else answers on the server's port for a while: nothing that it says ends a client,
// or costs it its session.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "absl/strings/escaping.h"
#include "liveness/details/v1/error_details.pb.h"
#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"
#include "tests/support/foreign_responder.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;

// What an error of `domain` looks like in the trailer.
std::string Details(const std::string& domain, const std::string& reason) {
  details::v1::ErrorInfo info;
  info.set_domain(domain);
  info.set_reason(reason);
  details::v1::Status status;
  status.set_code(10);
  auto& any = *status.add_details();
  any.set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  any.set_value(info.SerializeAsString());
  return absl::Base64Escape(status.SerializeAsString());
}

Http2Peer::Headers Grpc(const std::string& status, const std::string& details = {}) {
  Http2Peer::Headers headers = {{":status", "200"},
                                {"content-type", "application/grpc"},
                                {"grpc-status", status},
                                {"grpc-message", "no"}};
  if (!details.empty()) headers.emplace_back("grpc-status-details-bin", details);
  return headers;
}

class ForeignAnswers : public ::testing::Test {
 protected:
  // Serves at `port`, or one that is free, and remembers the token of the last hello.
  std::unique_ptr<FakeHeartbeatServer> Serve(int port = 0) {
    return std::make_unique<FakeHeartbeatServer>(
        [this](FakeStream& stream) {
          const v1::Hello hello = stream.ReadHello();
          {
            std::lock_guard lock(mu_);
            token_ = hello.resume_token();
          }
          stream.Welcome(7, 100, 3000);
          return stream.Serve();
        },
        port);
  }
  std::string Token() {
    std::lock_guard lock(mu_);
    return token_;
  }
  template <typename Answer>
  void Survives(const Answer& answer) {
    ForeignResponder responder(port_, answer);
    ASSERT_TRUE(responder.listens());
    EXPECT_TRUE(Eventually([&] { return responder.answered() >= 1; }));
    EXPECT_NE(client_->state(), State::kStopped) << client_->last_error()->reason;
  }

  std::mutex mu_;
  std::string token_;
  StateLog log_;
  int port_ = 0;
  std::unique_ptr<Client> client_;
};

TEST_F(ForeignAnswers, EndNoClientAndCostItNoSession) {
  auto server = Serve();
  port_ = server->port();
  client_ = StartClient(OptionsFor(server->target(), log_));
  ASSERT_TRUE(log_.WaitFor("LIVE"));
  server.reset();

  for (const char* status : {"403", "401", "404", "302", "503", "200"}) {
    SCOPED_TRACE(status);
    Survives(Http2Peer::Headers{{":status", status}, {"content-type", "text/html"}});
  }
  // Ours would say why: PERMISSION_DENIED, UNAUTHENTICATED, UNIMPLEMENTED, INVALID_ARGUMENT, ABORTED.
  for (const char* status : {"7", "16", "12", "3", "10"}) {
    SCOPED_TRACE(status);
    Survives(Grpc(status));
  }
  Survives(Grpc("10", Details("proxy.example", "SUPERSEDED")));
  Survives(Grpc("14", Details("liveness", "SUPERSEDED")));  // not under this status
  Survives(std::string("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));

  EXPECT_GE(log_.Count("CONNECTING FOREIGN_REFUSAL"), 1) << "the application is told";
  const auto again = Serve(port_);
  EXPECT_TRUE(log_.WaitFor("LIVE", 2));
  EXPECT_EQ(Token(), "token") << "it comes back into its session";
  EXPECT_EQ(client_->incarnation(), 7u);
}

TEST_F(ForeignAnswers, EndNoClientThatWasNeverIn) {
  port_ = [this] { return Serve()->port(); }();
  ForeignResponder responder(port_, Http2Peer::Headers{{":status", "403"}});
  client_ = StartClient(OptionsFor("127.0.0.1:" + std::to_string(port_), log_));
  EXPECT_TRUE(log_.WaitFor("CONNECTING FOREIGN_REFUSAL"));
  EXPECT_THAT(client_->last_error()->message, ::testing::HasSubstr("403"));
  EXPECT_TRUE(Eventually([&] { return responder.answered() >= 3; }));
  EXPECT_NE(client_->state(), State::kStopped);
}

TEST_F(ForeignAnswers, OurOwnFinalWordIsOne) {
  auto server = Serve();
  port_ = server->port();
  client_ = StartClient(OptionsFor(server->target(), log_));
  ASSERT_TRUE(log_.WaitFor("LIVE"));
  server.reset();
  ForeignResponder ours(port_, Grpc("10", Details("liveness", "SUPERSEDED")));
  EXPECT_TRUE(log_.WaitFor("STOPPED SUPERSEDED"));
}

}  // namespace
}  // namespace liveness::testing
