// Everything has a bound; past it, a clear error, and nobody else suffers.
#include <gmock/gmock.h>

#include "tests/integration/contract/contract_fixture.h"
#include "tests/integration/server/query_watcher.h"

namespace liveness::testing {
namespace {

class BoundsTest : public ContractTest {
 protected:
  static v1::HeartbeatRequest Hello(const std::string& id) {
    return HeartbeatStream::Hello(id, "1", seconds(10), seconds(60));
  }
  void ExpectQuota(const grpc::Status& status, const std::string& reason) {
    ExpectError(status, grpc::StatusCode::RESOURCE_EXHAUSTED, reason);
    const auto delay = DetailsOf(status).retry_delay;
    ASSERT_TRUE(delay);
    EXPECT_GT(delay->seconds(), 0);
  }
  void ExpectQuota(HeartbeatStream& stream, const std::string& reason) {
    const auto status = stream.End();
    ASSERT_TRUE(status);
    ExpectQuota(*status, reason);
    ++expected_lines_[reason];
  }
};

TEST_F(BoundsTest, Clients) {
  StartServer({"--max-clients=3"});  // the bystander is one of them
  HeartbeatStream first(channel_);
  const auto welcome = first.Join(Hello("first"));
  ASSERT_TRUE(welcome);
  HeartbeatStream second(channel_);
  ASSERT_TRUE(second.Join(Hello("second")));
  for (int i = 0; i < 3; ++i) {
    HeartbeatStream refused(channel_);
    refused.Send(Hello("third"));
    ExpectQuota(refused, "TOO_MANY_CLIENTS");
  }
  // Who is in may come back, and even be taken over.
  HeartbeatStream again(channel_);
  auto hello = Hello("first");
  hello.mutable_hello()->set_resume_token(welcome->resume_token());
  ASSERT_TRUE(again.Join(hello));
  HeartbeatStream other(channel_);
  ASSERT_TRUE(other.Join(HeartbeatStream::Hello("first", "2", seconds(10), seconds(60))));
  // Who leaves makes room.
  ASSERT_TRUE(second.Goodbye());
  ASSERT_TRUE(second.End());
  HeartbeatStream third(channel_);
  ASSERT_TRUE(third.Join(Hello("third")));
}

TEST_F(BoundsTest, StreamsOfOneAddress) {
  StartServer({"--max-streams-per-peer=3"});  // the bystander's is one of them
  HeartbeatStream first(address());
  ASSERT_TRUE(first.Join(Hello("first")));
  auto second = std::make_unique<HeartbeatStream>(address());
  ASSERT_TRUE(second->Join(Hello("second")));
  // However often it is tried.
  for (int i = 0; i < 5; ++i) {
    HeartbeatStream refused(address());
    refused.Send(Hello("third"));
    ExpectQuota(refused, "TOO_MANY_STREAMS");
    if (HasFailure()) return;
  }
  second.reset();
  // Its place is free again, once.
  std::unique_ptr<HeartbeatStream> third;
  EXPECT_TRUE(Eventually([&] {
    third = std::make_unique<HeartbeatStream>(address());
    if (third->Join(Hello("third"))) return true;
    ++expected_lines_["TOO_MANY_STREAMS"];
    return false;
  }));
  HeartbeatStream refused(address());
  refused.Send(Hello("fourth"));
  ExpectQuota(refused, "TOO_MANY_STREAMS");
}

TEST_F(BoundsTest, Watchers) {
  StartServer({"--max-watchers=2"});
  auto first = std::make_unique<Watcher>(NewChannel(address()), v1::WatchClientsRequest());
  ASSERT_TRUE(first->CatchUp(1));
  Watcher second(NewChannel(address()), {});
  ASSERT_TRUE(second.CatchUp(1));
  for (int i = 0; i < 3; ++i) {
    Watcher refused(channel_, {});
    EXPECT_FALSE(refused.Next());
    ExpectQuota(refused.Finish(), "TOO_MANY_WATCHERS");
  }
  first.reset();
  EXPECT_TRUE(Eventually([&] { return Watcher(channel_, {}).CatchUp(1); }));
}

// One address takes what it can get of all that is bounded for everybody: others still get theirs.
TEST_F(BoundsTest, OneAddressHasNoMoreThanItsShareOfWatches) {
  StartServer({"--max-watchers=8"});
  const std::string port = address().substr(address().find(':'));
  std::vector<std::unique_ptr<Watcher>> greedy;
  for (int i = 0; i < 6; ++i) {
    greedy.push_back(std::make_unique<Watcher>(NewChannel(address()), v1::WatchClientsRequest()));
    ASSERT_TRUE(greedy.back()->CatchUp(1));
  }
  for (int i = 0; i < 3; ++i) {
    Watcher refused(NewChannel(address()), {});
    EXPECT_FALSE(refused.Next());
    const grpc::Status status = refused.Finish();
    EXPECT_NE(status.error_message().find("this address"), std::string::npos) << status.error_message();
    ExpectQuota(status, "TOO_MANY_WATCHERS");
  }
  greedy.pop_back();
  EXPECT_TRUE(Eventually([&] { return Watcher(channel_, {}).CatchUp(1); })) << "its place is free again";
}

TEST_F(BoundsTest, AShareOfWatchesIsWhatTheFlagSays) {
  StartServer({"--max-watchers=8", "--max-watchers-per-peer=1"});
  Watcher first(NewChannel(address()), {});
  ASSERT_TRUE(first.CatchUp(1));
  Watcher refused(NewChannel(address()), {});
  EXPECT_FALSE(refused.Next());
  ExpectQuota(refused.Finish(), "TOO_MANY_WATCHERS");
}

TEST_F(BoundsTest, AThousandStreamsOnOneConnection) {
  StartServer({"--max-streams-per-connection=1100"});
  constexpr int kStreams = 1000;
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<v1::HeartbeatRequest, v1::HeartbeatResponse>> stream;
  };
  const auto stub = v1::HeartbeatService::NewStub(NewChannel(address()));
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < kStreams; ++i) {
    calls.push_back(std::make_unique<Call>());
    calls.back()->stream = stub->Heartbeat(&calls.back()->context);
    ASSERT_TRUE(calls.back()->stream->Write(Hello("many-" + std::to_string(i))));
  }
  for (const auto& call : calls) {
    v1::HeartbeatResponse response;
    ASSERT_TRUE(call->stream->Read(&response));
    ASSERT_TRUE(response.has_welcome());
  }
  grpc::ClientContext context;
  v1::GetStatsResponse stats;
  ASSERT_TRUE(registry_->GetStats(&context, {}, &stats).ok());
  EXPECT_EQ(stats.counts().alive(), kStreams + 1);
  EXPECT_EQ(stats.stream_count(), kStreams + 1);
  for (const auto& call : calls) {
    v1::HeartbeatRequest goodbye;
    goodbye.mutable_goodbye();
    ASSERT_TRUE(call->stream->Write(goodbye));
  }
  for (const auto& call : calls) EXPECT_TRUE(call->stream->Finish().ok());
}

}  // namespace
}  // namespace liveness::testing
