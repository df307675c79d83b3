#include "client/src/session/told_state.h"

namespace liveness::internal {

void ToldState::Tell(State state, const Error& why) {
  state_ = state;
  reason_ = why.reason;
  changes_.push_back({state, why.reason, why.message, welcome_ ? welcome_->incarnation : 0});
}

void ToldState::TellConnecting() {
  if (state_ != State::kConnecting) Tell(State::kConnecting, last_error_.value_or(Error{}));
}

void ToldState::TellRefusal() {
  if (reason_ != last_error_->reason) TellWhy(State::kConnecting);
}

void ToldState::OnWelcome(const Welcome& welcome) {
  const bool same = welcome_ && welcome_->incarnation == welcome.incarnation;
  welcome_ = welcome;
  if (state_ != State::kLive || !same) Tell(State::kLive);
}

std::vector<StateChange> ToldState::TakeChanges() { return std::exchange(changes_, {}); }

}  // namespace liveness::internal
