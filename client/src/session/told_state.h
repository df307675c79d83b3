// What the application is told of its client: the state, why, and each change, in order.
//
// Pure; not thread-safe: the session owns it, and the worker hands the changes to the application.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <liveness/result.h>
#include <liveness/state.h>

namespace liveness::internal {

class ToldState {
 public:
  State state() const { return state_; }
  // Why the last stream or attempt ended.
  const std::optional<Error>& last_error() const { return last_error_; }
  const std::optional<Welcome>& welcome() const { return welcome_; }

  // Keeps why a stream or an attempt ended. No change by itself.
  void Keep(Error why) { last_error_ = std::move(why); }
  void Tell(State state, const Error& why = {});
  // Tells `state`, because of last_error(). REQUIRES: last_error()
  void TellWhy(State state) { Tell(state, *last_error_); }
  // Tells kConnecting with last_error(), if any, unless that is the state.
  void TellConnecting();
  // An attempt has failed: tells kConnecting with last_error(), unless the last change gave the same reason.
  // REQUIRES: last_error()
  void TellRefusal();
  // Tells kLive, unless that is the state and the incarnation is the same.
  void OnWelcome(const Welcome& welcome);

  // Since the last call.
  std::vector<StateChange> TakeChanges();

 private:
  State state_ = State::kConnecting;
  std::string reason_;  // of the last change
  std::optional<Error> last_error_;
  std::optional<Welcome> welcome_;
  std::vector<StateChange> changes_;
};

}  // namespace liveness::internal
