// What the tests of the session machine share: its actions and changes as text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "client/src/session/session.h"

namespace liveness::internal {
inline constexpr BootTime kStart(std::chrono::seconds(1000));

inline StreamEnd End(absl::StatusCode code, const std::string& reason = "") {
  return {code, reason, "message", {}};
}
inline StreamEnd Broken() { return End(absl::StatusCode::kUnavailable); }

class SessionTest : public ::testing::Test {
 protected:
  explicit SessionTest(std::size_t targets = 1, bool resume = true)
      : SessionTest(Session::Options{.targets = targets, .resume = resume}) {}
  explicit SessionTest(Session::Options options) : session_(WithRandom(std::move(options))) {}

  // "dial 1 target 0", "ping 1 #1", "goodbye 1", "cancel 1" since the last call.
  std::vector<std::string> Actions() {
    std::vector<std::string> texts;
    for (const Action& action : session_.TakeActions()) {
      const std::string stream = std::to_string(action.stream);
      switch (action.kind) {
        case Action::Kind::kDial:
          texts.push_back("dial " + stream + " target " + std::to_string(action.target));
          break;
        case Action::Kind::kPing:
          texts.push_back("ping " + stream + " #" + std::to_string(action.sequence));
          break;
        case Action::Kind::kGoodbye: texts.push_back("goodbye " + stream); break;
        case Action::Kind::kCancel: texts.push_back("cancel " + stream); break;
      }
    }
    return texts;
  }

  // "LOST SERVER_SILENT" since the last call.
  std::vector<std::string> Changes() {
    std::vector<std::string> texts;
    for (const StateChange& change : session_.TakeChanges()) {
      texts.push_back(ToString(change.state) + (change.reason.empty() ? "" : " " + change.reason));
    }
    return texts;
  }

  void WelcomeAt(StreamId stream, BootTime now, std::uint64_t incarnation = 7) {
    Welcome welcome;
    welcome.incarnation = incarnation;
    welcome.interval = std::chrono::seconds(1);
    welcome.timeout = std::chrono::seconds(3);
    session_.OnHelloSent(stream, now);
    session_.OnWelcome(stream, now, welcome, "token");
  }

  // Live on stream 1, ping 1 ponged, all told.
  void GoLive() {
    session_.Start(kStart);
    WelcomeAt(1, kStart);
    session_.Advance(kStart);
    session_.OnPong(1, kStart, 1);
    Actions();
    Changes();
  }

  Session::Options WithRandom(Session::Options options) {
    options.random = [this] { return random_; };
    return options;
  }

  double random_ = 0;
  Session session_;
};

}  // namespace liveness::internal
