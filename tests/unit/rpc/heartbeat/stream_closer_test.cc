#include "server/rpc/heartbeat/stream_closer.h"

#include <future>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace liveness::rpc {
namespace {

using common::MonoTime;
using core::StreamEnd;
using core::TcpAbsence;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

EndedStream Ended(const std::string& client_id, std::uint16_t port = 1) {
  EndedStream ended;
  ended.client_id = client_id;
  ended.link.socket.remote.port = port;
  return ended;
}

// A closer whose kernel answers when the test says so.
class StreamCloserTest : public ::testing::Test {
 protected:
  struct Told {
    std::string client_id;
    StreamEnd how;
    core::LinkEvidence link;
  };

  StreamCloser Make() {
    return StreamCloser(
        clock_,
        [this](std::span<const net::TcpDiag::Question> questions) {
          asked_.push_back(questions.size());
          if (asked_.size() == 1) {
            asking_.set_value();
            answer_.get_future().wait();
          }
          std::vector<core::TcpEvidence> answers(questions.size());
          for (std::size_t i = 0; i < questions.size(); ++i) {
            answers[i].absence = TcpAbsence::kPresent;
            // Connections with an even port live.
            answers[i].established = questions[i].remote.port % 2 == 0;
            answers[i].unacked = questions[i].remote.port;
          }
          return answers;
        },
        [this](const EndedStream& ended, const core::LinkEvidence& link) {
          told_.push_back({ended.client_id, ended.how, link});
        });
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Told& told : told_) names.push_back(told.client_id);
    return names;
  }

  testing::ManualClock clock_;
  // The closer's thread writes these; the test reads them once that is joined.
  std::vector<std::size_t> asked_;
  std::vector<Told> told_;
  std::promise<void> asking_;
  std::promise<void> answer_;
};

TEST_F(StreamCloserTest, WhoeverPutsDoesNotWaitForTheKernelAndMoreAreAskedForTogether) {
  {
    StreamCloser closer = Make();
    ASSERT_TRUE(closer.Put(Ended("first")));
    asking_.get_future().wait();
    // The kernel is being asked, and nobody waits for it.
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(closer.Put(Ended(std::to_string(i))));
    answer_.set_value();
  }
  EXPECT_THAT(asked_, ElementsAre(1, 1000));
  ASSERT_EQ(told_.size(), 1001u);
  EXPECT_EQ(told_[0].client_id, "first");
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(told_[i + 1].client_id, std::to_string(i)) << "in their order";
}

TEST_F(StreamCloserTest, NobodyWaitsForTheNext) {
  std::promise<void> told;
  StreamCloser closer(
      clock_, [](auto questions) { return std::vector<core::TcpEvidence>(questions.size()); },
      [&](const EndedStream&, const core::LinkEvidence&) { told.set_value(); });
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(closer.Put(Ended("one")));
    told.get_future().wait();
    told = {};
  }
}

TEST_F(StreamCloserTest, ALookShowsHowItEnded) {
  answer_.set_value();
  {
    StreamCloser closer = Make();
    ASSERT_TRUE(closer.Put(Ended("gone", 7)));
    ASSERT_TRUE(closer.Put(Ended("cancelled", 8)));
    EndedStream half_closed = Ended("half-closed", 8);
    half_closed.how = StreamEnd::kHalfClosed;
    ASSERT_TRUE(closer.Put(std::move(half_closed)));
  }
  ASSERT_THAT(Names(), ElementsAre("gone", "cancelled", "half-closed"));
  EXPECT_EQ(told_[0].how, StreamEnd::kConnectionClosed);
  EXPECT_EQ(told_[1].how, StreamEnd::kCancelled);
  EXPECT_EQ(told_[2].how, StreamEnd::kHalfClosed);
  EXPECT_EQ(told_[1].link.tcp.unacked, 8u) << "each has its own answer";
}

TEST_F(StreamCloserTest, AProxysConnectionIsNotAskedForNorThatOfAStreamThatWeEnded) {
  answer_.set_value();
  {
    StreamCloser closer = Make();
    EndedStream ours = Ended("ours", 2);
    ours.look = false;
    ours.how = StreamEnd::kByServer;
    ASSERT_TRUE(closer.Put(std::move(ours)));
    EndedStream proxied = Ended("proxied", 4);
    proxied.link.proxied = true;
    ASSERT_TRUE(closer.Put(std::move(proxied)));
    ASSERT_TRUE(closer.Put(Ended("direct", 6)));
  }
  ASSERT_THAT(Names(), ElementsAre("ours", "proxied", "direct"));
  EXPECT_EQ(told_[0].how, StreamEnd::kByServer);
  EXPECT_EQ(told_[0].link.taken_at, MonoTime{}) << "no look was taken";
  EXPECT_EQ(told_[1].link.tcp.absence, TcpAbsence::kProxy);
  EXPECT_EQ(told_[1].how, StreamEnd::kConnectionClosed);
  EXPECT_EQ(told_[2].link.tcp.unacked, 6u);
}

TEST_F(StreamCloserTest, TheLookHasItsOwnMoment) {
  const MonoTime ended_at = clock_.Mono();
  {
    StreamCloser closer = Make();
    ASSERT_TRUE(closer.Put(Ended("first")));
    asking_.get_future().wait();
    EndedStream late = Ended("late");
    late.ended_at = ended_at;
    late.link.pong_time = ended_at - milliseconds(30);
    ASSERT_TRUE(closer.Put(std::move(late)));
    clock_.Advance(milliseconds(100));
    answer_.set_value();
  }
  EXPECT_EQ(told_[1].link.taken_at, ended_at + milliseconds(100));
  EXPECT_EQ(told_[1].link.last_pong_age, milliseconds(130));
  EXPECT_FALSE(told_[1].link.probe_age);
}

TEST_F(StreamCloserTest, WhatWaitsIsBounded) {
  StreamCloser closer = Make();
  ASSERT_TRUE(closer.Put(Ended("first")));
  asking_.get_future().wait();
  for (std::size_t i = 0; i < StreamCloser::kMaxWaiting; ++i) ASSERT_TRUE(closer.Put(Ended("")));
  EndedStream one_more = Ended("one more");
  EXPECT_FALSE(closer.Put(std::move(one_more)));
  EXPECT_EQ(one_more.client_id, "one more") << "it is still the caller's";
  answer_.set_value();
}

TEST(EvidenceOf, KnowsTheAgeOfWhatThereWasAlone) {
  const MonoTime now(std::chrono::seconds(100));
  EXPECT_FALSE(EvidenceOf({}, now).last_pong_age);
  EXPECT_FALSE(EvidenceOf({}, now).probe_age);
  const core::LinkEvidence link =
      EvidenceOf({.probe_time = now - milliseconds(20), .pong_time = now - milliseconds(10)}, now);
  EXPECT_EQ(link.probe_age, milliseconds(20));
  EXPECT_EQ(link.last_pong_age, milliseconds(10));
  EXPECT_EQ(link.taken_at, now);
}

}  // namespace
}  // namespace liveness::rpc
