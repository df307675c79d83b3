// A server that lies, and one that says anything at all.
#include <algorithm>
#include <vector>

#include <grpcpp/support/status.h>

#include "client/src/messages.h"
#include "client/src/parse_stream_end.h"
#include "liveness/details/v1/error_details.pb.h"
#include "tests/support/random_message.h"
#include "tests/unit/client/session/session_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kLongest = Duration::max() / 2;

// What was asked for: pings each second, 3 s of patience.
class HostileTest : public SessionTest {
 protected:
  HostileTest() : SessionTest({.interval = 1s, .timeout = 3s}) {}

  void Welcomed(Duration interval, Duration timeout, std::optional<Duration> vouched_for = {}) {
    Welcome welcome;
    welcome.incarnation = 7;
    welcome.interval = interval;
    welcome.timeout = timeout;
    session_.Start(kStart);
    session_.OnHelloSent(1, kStart);
    session_.OnWelcome(1, kStart, welcome, "token", vouched_for);
    session_.Advance(kStart);
  }
};

TEST_F(HostileTest, AWelcomeOf285YearsIsWorthWhatWasAskedFor) {
  Welcomed(kLongest, kLongest, kLongest);
  EXPECT_EQ(session_.alive_until(), kStart + 3s);
  session_.OnPong(1, kStart + 1ms, 1, kLongest);
  EXPECT_EQ(session_.alive_until(), kStart + 3s);
  Actions();
  session_.Advance(kStart + 1500ms);
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #2")) << "two pings in a timeout, whatever it says";
}

TEST_F(HostileTest, WhoAskedForNothingBelievesADay) {
  Session session({.random = [] { return 0.0; }});
  session.Start(kStart);
  session.OnHelloSent(1, kStart);
  Welcome welcome;
  welcome.interval = welcome.timeout = kLongest;
  session.OnWelcome(1, kStart, welcome, "token", kLongest);
  EXPECT_EQ(session.alive_until(), kStart + 24h);
}

TEST_F(HostileTest, AShorterTimeoutIsTakenAtItsWord) {
  Welcomed(1s, 2s);
  EXPECT_EQ(session_.alive_until(), kStart + 2s);
}

TEST_F(HostileTest, AnIntervalOfAMillisecondIsNoFlood) {
  Welcomed(1ms, 3s);
  const std::uint64_t before = session_.counters().pings_sent;
  for (BootTime now = kStart; now < kStart + 1s; now += 1ms) session_.Advance(now);
  EXPECT_LE(session_.counters().pings_sent - before, 101u);
}

TEST_F(HostileTest, SpansBelowNothingAreNothing) {
  Welcomed(-kLongest, -kLongest, -kLongest);
  EXPECT_EQ(session_.alive_until(), kStart);
  session_.OnPong(1, kStart + 1ms, 1, -kLongest);
  EXPECT_EQ(session_.alive_until(), kStart);
}

TEST_F(HostileTest, AServerThatVouchesForNothingIsLostAndLeftAtTheTimeout) {
  Welcomed(1s, 3s, 0s);
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING", "LIVE", "LOST SERVER_SILENT"));
  Actions();
  for (BootTime now = kStart; now < kStart + 3s; now += 10ms) {
    session_.Advance(now);
    if (session_.counters().pings_sent > session_.counters().pongs_received) {
      session_.OnPong(1, now, session_.counters().pings_sent, 0s);
    }
  }
  EXPECT_LE(session_.counters().attempts, 1u) << "no flood of attempts either";
  EXPECT_EQ(session_.counters().losses, 1u);
}

// As Worker does with what comes in.
void Take(Session& session, StreamId stream, BootTime now, const v1::HeartbeatResponse& message) {
  const auto vouched = [](const auto& from) {
    return from.has_vouched_for() ? std::optional(FromProto(from.vouched_for())) : std::nullopt;
  };
  if (message.has_welcome()) {
    session.OnWelcome(stream, now, FromProto(message.welcome()), message.welcome().resume_token(),
                      vouched(message.welcome()));
  } else if (message.has_pong()) {
    session.OnPong(stream, now, message.pong().sequence(), vouched(message.pong()));
  } else if (message.has_drain()) {
    session.OnDrain(stream, now, FromProto(message.drain().reconnect_within()));
  }
}

StreamEnd AnyEnd(testing::RandomMessage& any) {
  details::v1::Status details;
  details::v1::ErrorInfo info;
  info.set_domain("liveness");
  constexpr const char* kReasons[] = {"", "SILENT", "DRAINING", "STREAM_REPLACED", "SOMETHING_NEW"};
  info.set_reason(kReasons[any.Below(5)]);
  details::v1::RetryInfo retry;
  any.Fill(retry);
  for (const google::protobuf::Message* detail :
       {static_cast<google::protobuf::Message*>(&info), static_cast<google::protobuf::Message*>(&retry)}) {
    auto& packed = *details.add_details();
    packed.set_type_url(detail == &info ? "type.googleapis.com/google.rpc.ErrorInfo"
                                        : "type.googleapis.com/google.rpc.RetryInfo");
    packed.set_value(detail->SerializeAsString());
  }
  constexpr grpc::StatusCode kCodes[] = {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::RESOURCE_EXHAUSTED,
                                         grpc::StatusCode::DEADLINE_EXCEEDED, grpc::StatusCode::CANCELLED};
  return ParseStreamEnd({kCodes[any.Below(4)], "", details.SerializeAsString()});
}

// What one seed's server says, for a minute of the client's time.
void RunSeed(std::uint64_t seed) {
  testing::RandomMessage any(seed);
  constexpr Duration kAsked = 3s;
  Session session({.targets = 1 + any.Below(3),
                   .random = [&any] { return static_cast<double>(any.Below(1'000)) / 1'000; },
                   .interval = 1s,
                   .timeout = kAsked});
  BootTime now = kStart;
  std::vector<StreamId> open;
  session.Start(now);
  for (int step = 0; step < 300 && !session.stopped(); ++step) {
    for (const Action& action : session.TakeActions()) {
      if (action.kind == Action::Kind::kDial) open.push_back(action.stream);
      if (action.kind == Action::Kind::kCancel) std::erase(open, action.stream);
    }
    (void)session.TakeChanges();
    ASSERT_LE(open.size(), 2u + Race::kMost) << seed << ": the session's, one elsewhere, and a race";
    if (!open.empty()) {
      const StreamId stream = open[any.Below(open.size())];
      if (any.Chance(50)) session.OnHelloSent(stream, now);
      v1::HeartbeatResponse message;
      if (any.Chance(40)) {
        any.Fill(*message.mutable_welcome());
      } else if (any.Chance(60)) {
        any.Fill(*message.mutable_pong());
        if (any.Chance(50)) message.mutable_pong()->set_sequence(session.counters().pings_sent);
      } else {
        any.Fill(message);
      }
      Take(session, stream, now, message);
      if (any.Chance(5)) {
        std::erase(open, stream);
        session.OnStreamEnd(stream, now, AnyEnd(any));
      }
    }
    ASSERT_LE(session.alive_until(), now + kAsked) << seed;
    if (session.stopped()) return;
    ASSERT_GE(session.NextDeadline(), BootTime()) << seed;
    now += std::chrono::microseconds(any.Below(400'000));
    session.Advance(now);
  }
}

TEST(HostileServer, WhateverIsSaidTheClientCountsOnNoMoreThanItAskedFor) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    RunSeed(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace liveness::internal
