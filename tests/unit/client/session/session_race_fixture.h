// What the tests of races share: a session whose kernel can be told what to say of each connection.
#pragma once

#include <map>
#include <string>

#include "tests/unit/client/session/session_fixture.h"

namespace liveness::internal {

// Pings each second, 3 s of patience; what was sent on a stream is lost unless `looks` says otherwise.
class SessionRaceTest : public SessionTest {
 protected:
  explicit SessionRaceTest(std::size_t targets = 1)
      : SessionTest({.targets = targets, .look = [this](StreamId stream) {
                       const auto look = looks_.find(stream);
                       return PathLook{look == looks_.end() ? Arrival::kUnacknowledged : look->second};
                     }}) {}

  // Live, and the ping of 1 s is lost; it is 1.1 s and stream 2 was dialled.
  void LoseAPing() {
    GoLive();
    session_.Advance(kStart + std::chrono::seconds(1));
    Actions();
    session_.Advance(session_.NextDeadline());
    ASSERT_THAT(Actions(), ::testing::ElementsAre("dial 2 target 0"));
  }
  // Each moment at which it wants to be called, until then.
  void RunUntil(BootTime end) {
    while (session_.NextDeadline() <= end) session_.Advance(session_.NextDeadline());
  }

  std::map<StreamId, Arrival> looks_;
};

}  // namespace liveness::internal
