// Moves to another server in which a stream ends or falls silent before the welcome, and goodbyes meanwhile.
#include "tests/unit/client/session/session_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MoveEnds : public SessionTest {
 protected:
  MoveEnds() : SessionTest(2) {}

  // Drained of stream 1, and the hello of stream 2 is out at `kStart` + `at`.
  void SayHelloElsewhere(common::Duration at) {
    GoLive();
    session_.OnDrain(1, kStart, 0s);
    session_.Advance(kStart);
    session_.OnHelloSent(2, kStart + at);
    Actions();
  }
};

StreamEnd Replaced() { return End(absl::StatusCode::kCancelled, "STREAM_REPLACED"); }

TEST_F(MoveEnds, AReplacedStreamIsLostWithItsTimeAndNotKept) {
  GoLive();
  for (const auto at : {1s, 2s}) session_.Advance(kStart + at);
  session_.OnDrain(1, kStart + 2500ms, 0s);
  session_.Advance(kStart + 2500ms);
  session_.OnHelloSent(2, kStart + 2600ms);
  session_.OnStreamEnd(1, kStart + 2700ms, Replaced());
  session_.Advance(kStart + 3s);
  EXPECT_THAT(Changes(), ElementsAre("LOST SERVER_SILENT"));
  EXPECT_EQ(session_.alive_until(), BootTime());
}

TEST_F(MoveEnds, ATokenThatTheNewServerRefusesIsStillGoodAtTheOldOne) {
  SayHelloElsewhere(10ms);
  session_.OnStreamEnd(2, kStart + 20ms, End(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_FORGED"));
  EXPECT_EQ(session_.resume_token(), "token");
  EXPECT_EQ(session_.live_stream(), StreamId{1});
}

TEST_F(MoveEnds, AGoodbyeOutlivesTheOldStream) {
  SayHelloElsewhere(10ms);
  session_.OnGoodbye(kStart + 20ms, kStart + 10s);
  EXPECT_THAT(Actions(), IsEmpty()) << "the other server may have the session";
  session_.OnStreamEnd(1, kStart + 30ms, Broken());
  EXPECT_FALSE(session_.stopped());
  WelcomeAt(2, kStart + 40ms);
  EXPECT_THAT(Actions(), ElementsAre("goodbye 2"));
}

TEST_F(MoveEnds, AGoodbyeOutlivesTheOldServersSilence) {
  GoLive();
  for (const auto at : {1s, 2s}) session_.Advance(kStart + at);
  session_.OnDrain(1, kStart + 2500ms, 0s);
  session_.Advance(kStart + 2500ms);
  session_.OnHelloSent(2, kStart + 2600ms);
  session_.OnGoodbye(kStart + 2700ms, kStart + 10s);
  session_.Advance(kStart + 3s);
  EXPECT_FALSE(session_.stopped());
  Actions();
  WelcomeAt(2, kStart + 3100ms);
  EXPECT_THAT(Actions(), ElementsAre("goodbye 2"));
}

TEST_F(MoveEnds, WhoSaidGoodbyeIsToldOfNoLoss) {
  SayHelloElsewhere(10ms);
  session_.OnGoodbye(kStart + 20ms, kStart + 10s);
  session_.OnStreamEnd(1, kStart + 30ms, Replaced());
  session_.OnStreamEnd(2, kStart + 40ms, Broken());
  EXPECT_THAT(Changes(), ElementsAre("STOPPED SAID_GOODBYE"));
}

}  // namespace
}  // namespace liveness::internal
