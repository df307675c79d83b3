// How many sessions a principal may have and begin, and how often a session may change its labels.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "tests/unit/rpc/heartbeat/protocol_stream.h"

namespace liveness::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Hello;
using testing::ProtocolStream;

class HeartbeatBoundsTest : public testing::ProtocolStreamTest {
 protected:
  static auth::CallerPtr CallerOf(const std::string& principal) {
    return std::make_shared<auth::Caller>(auth::Caller{.principal = principal});
  }
  ProtocolStream& NewStream(const std::string& principal) {
    streams_.push_back(std::make_unique<ProtocolStream>(server_));
    streams_.back()->transport().caller = CallerOf(principal);
    return *streams_.back();
  }
  std::string Label() const { return std::string(Record()->info.FindLabel("k").value_or("none")); }
  void Update(const std::string& value) {
    v1::HeartbeatRequest update;
    (*update.mutable_update()->mutable_labels())["k"] = value;
    ASSERT_EQ(stream_.Refusal(update), "");
    server_.Commit();
  }
  std::vector<std::unique_ptr<ProtocolStream>> streams_;
};

TEST_F(HeartbeatBoundsTest, APrincipalHasItsStreamsAndNoMore) {
  for (int i = 0; i < 20; ++i) {
    server_.world.Run(seconds(1));
    NewStream("dns:many").Join(Hello("m" + std::to_string(i), "1"));
  }
  server_.world.Run(seconds(10));
  const auto refused = NewStream("dns:many").Take(Hello("m20", "1")).status();
  EXPECT_EQ(common::ReasonOf(refused), "TOO_MANY_STREAMS");
  EXPECT_EQ(common::RetryDelayOf(refused), seconds(10));
  NewStream("dns:other").Join(Hello("o", "1"));
  streams_.front().reset();
  NewStream("dns:many").Join(Hello("m20", "1"));
}

TEST_F(HeartbeatBoundsTest, AHerdIsToldWhenToComeBack) {
  for (int i = 0; i < 10; ++i) NewStream("dns:many").Join(Hello("m" + std::to_string(i), "1"));
  std::vector<absl::Status> refused;
  for (int i = 10; i < 13; ++i) {
    refused.push_back(NewStream("dns:many").Take(Hello("m" + std::to_string(i), "1")).status());
    EXPECT_EQ(common::ReasonOf(refused.back()), "HELLO_RATE");
    EXPECT_EQ(common::RetryDelayOf(refused.back()), seconds(i - 9));
  }
  NewStream("dns:other").Join(Hello("o", "1"));
  // One that goes on with its session is none of the herd.
  v1::HeartbeatRequest again = Hello("m0", "1");
  again.mutable_hello()->set_resume_token(streams_.front()->transport().welcome.resume_token());
  NewStream("dns:many").Join(again);
  for (int i = 10; i < 13; ++i) {
    server_.world.Run(seconds(1));
    NewStream("dns:many").Join(Hello("m" + std::to_string(i), "1"));
  }
}

TEST_F(HeartbeatBoundsTest, WhoProvesNothingCountsByAddress) {
  for (int i = 0; i < 10; ++i) NewStream("").Join(Hello("m" + std::to_string(i), "1"));
  EXPECT_EQ(NewStream("").Refusal(Hello("m10", "1")), "HELLO_RATE");
}

TEST_F(HeartbeatBoundsTest, LabelsThatChangeWithoutEndAreToldNowAndThen) {
  stream_.Join();
  for (int i = 1; i <= 80; ++i) Update(std::to_string(i));
  EXPECT_EQ(Label(), "50");
  EXPECT_EQ(server_.merged_label_changes, 29) << "of the thirty beyond the last is still to be told";
  EXPECT_TRUE(stream_.Beat(1));
  server_.Commit();
  EXPECT_EQ(Label(), "50") << "too soon";
  server_.world.Run(milliseconds(500));
  EXPECT_TRUE(stream_.Beat(2));
  server_.Commit();
  EXPECT_EQ(Label(), "80") << "the last of them";
  Update("81");
  EXPECT_EQ(Label(), "80");
  v1::HeartbeatRequest goodbye;
  goodbye.mutable_goodbye();
  EXPECT_EQ(stream_.Refusal(goodbye), "");
  server_.Commit();
  EXPECT_EQ(Record()->state, core::State::kLeft);
  EXPECT_EQ(Label(), "81") << "what it said last";
}

TEST_F(HeartbeatBoundsTest, WhereFloodsAreAllowedEachChangeIsTold) {
  server_.options.max_ping_rate = server_.options.max_label_rate = 0;
  stream_.Join();
  for (int i = 1; i <= 500; ++i) Update(std::to_string(i));
  EXPECT_EQ(Label(), "500");
}

}  // namespace
}  // namespace liveness::rpc
