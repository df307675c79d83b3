// grpc.health.v1 over real gRPC: the server, its clients, and watches of both.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/server/query_server.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

namespace health = ::grpc::health::v1;
using Answer = health::HealthCheckResponse;

class HealthWatcher {
 public:
  HealthWatcher(const std::shared_ptr<grpc::Channel>& channel, const std::string& service)
      : stub_(health::Health::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    health::HealthCheckRequest request;
    request.set_service(service);
    reader_ = stub_->Watch(&context_, request);
  }
  ~HealthWatcher() { context_.TryCancel(); }

  // UNKNOWN, which the server never says, at the end of the stream.
  Answer::ServingStatus Next() {
    Answer answer;
    return reader_->Read(&answer) ? answer.status() : Answer::UNKNOWN;
  }
  grpc::Status Finish() { return reader_->Finish(); }

 private:
  std::unique_ptr<health::Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Answer>> reader_;
};

class QueryHealthTest : public ::testing::Test {
 protected:
  grpc::Status Check(const std::string& service, Answer* answer) {
    grpc::ClientContext context;
    health::HealthCheckRequest request;
    request.set_service(service);
    return health::Health::NewStub(server_.Connect())->Check(&context, request, answer);
  }
  QueryServer server_;
};

TEST_F(QueryHealthTest, CheckTellsOfTheServerAndOfItsClients) {
  Answer answer;
  ASSERT_TRUE(Check("", &answer).ok());
  EXPECT_EQ(answer.status(), Answer::SERVING);
  for (const char* unknown : {"client/a", "liveness.v1.RegistryService", "client/"}) {
    EXPECT_EQ(Check(unknown, &answer).error_code(), grpc::StatusCode::NOT_FOUND) << unknown;
  }
  const auto client = server_.Join("a");
  ASSERT_TRUE(Check("client/a", &answer).ok());
  EXPECT_EQ(answer.status(), Answer::SERVING);
  server_.Leave(client);
  ASSERT_TRUE(Check("client/a", &answer).ok());
  EXPECT_EQ(answer.status(), Answer::NOT_SERVING);
}

TEST_F(QueryHealthTest, WatchFollowsAClientThroughItsLife) {
  HealthWatcher first(server_.Connect(), "client/a");
  HealthWatcher second(server_.Connect(), "client/a");
  HealthWatcher other(server_.Connect(), "client/b");
  for (HealthWatcher* each : {&first, &second, &other}) EXPECT_EQ(each->Next(), Answer::SERVICE_UNKNOWN);
  EXPECT_EQ(server_.registry().totals().watchers, 1);  // however many there are

  auto client = server_.Join("a");
  for (HealthWatcher* each : {&first, &second}) EXPECT_EQ(each->Next(), Answer::SERVING);
  server_.SetLabels(client, {{"changes", "nothing"}});
  server_.Leave(client);
  for (HealthWatcher* each : {&first, &second}) EXPECT_EQ(each->Next(), Answer::NOT_SERVING);
  server_.Join("a");
  for (HealthWatcher* each : {&first, &second}) EXPECT_EQ(each->Next(), Answer::SERVING);
  server_.Join("b");
  EXPECT_EQ(other.Next(), Answer::SERVING);
}

TEST_F(QueryHealthTest, TheRegistryIsWatchedOnlyWhileSomebodyAsks) {
  server_.Join("a");
  {
    HealthWatcher watcher(server_.Connect(), "client/a");
    EXPECT_EQ(watcher.Next(), Answer::SERVING);
    EXPECT_EQ(server_.registry().totals().watchers, 1);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (server_.registry().totals().watchers != 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST_F(QueryHealthTest, ADrainingServerSaysSoToWhoWatchesIt) {
  HealthWatcher watcher(server_.Connect(), "");
  EXPECT_EQ(watcher.Next(), Answer::SERVING);
  HealthWatcher of_client(server_.Connect(), "client/a");
  EXPECT_EQ(of_client.Next(), Answer::SERVICE_UNKNOWN);
  server_.health().BeginDrain();
  EXPECT_EQ(watcher.Next(), Answer::NOT_SERVING);
  server_.engine().EndCalls();
  EXPECT_EQ(watcher.Next(), Answer::UNKNOWN);
  EXPECT_EQ(DetailsOf(watcher.Finish()).reason, "DRAINING");
  EXPECT_EQ(of_client.Next(), Answer::UNKNOWN);
  EXPECT_EQ(of_client.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  Answer answer;
  ASSERT_TRUE(Check("", &answer).ok());
  EXPECT_EQ(answer.status(), Answer::NOT_SERVING);
}

TEST_F(QueryHealthTest, ManyAreAllToldThoughAFewAreWokenAtATime) {
  constexpr int kConnections = 10, kEach = 60;
  std::vector<std::unique_ptr<HealthWatcher>> of_server, of_client;
  for (int i = 0; i < kConnections; ++i) {
    const auto channel = server_.Connect();
    for (int j = 0; j < kEach; ++j) {
      auto& some = j % 2 == 0 ? of_server : of_client;
      some.push_back(std::make_unique<HealthWatcher>(channel, j % 2 == 0 ? "" : "client/a"));
    }
  }
  for (const auto& each : of_server) ASSERT_EQ(each->Next(), Answer::SERVING);
  for (const auto& each : of_client) ASSERT_EQ(each->Next(), Answer::SERVICE_UNKNOWN);
  server_.Join("a");
  for (const auto& each : of_client) ASSERT_EQ(each->Next(), Answer::SERVING);
  server_.health().BeginDrain();
  for (const auto& each : of_server) ASSERT_EQ(each->Next(), Answer::NOT_SERVING);
}

TEST_F(QueryHealthTest, WhoWatchesAServerThatStopsAtOnceIsToldBeforeTheEnd) {
  HealthWatcher watcher(server_.Connect(), "");
  EXPECT_EQ(watcher.Next(), Answer::SERVING);
  server_.engine().EndCalls();
  EXPECT_EQ(watcher.Next(), Answer::NOT_SERVING);
  EXPECT_EQ(watcher.Next(), Answer::UNKNOWN);
  EXPECT_EQ(DetailsOf(watcher.Finish()).reason, "DRAINING");
}

}  // namespace
}  // namespace liveness::testing
