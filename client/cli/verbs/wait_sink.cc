#include "client/cli/verbs/wait_sink.h"

namespace liveness::cli {

bool WaitSink::Is(v1::State state) const {
  switch (what_) {
    case WaitSettings::For::kAlive: return state == v1::STATE_ALIVE;
    case WaitSettings::For::kDead: return state == v1::STATE_DEAD;
    case WaitSettings::For::kLeft: return state == v1::STATE_LEFT;
    case WaitSettings::For::kGone: break;
  }
  return state == v1::STATE_DEAD || state == v1::STATE_LEFT;
}

void WaitSink::Finish(Outcome outcome) {
  outcome_ = outcome;
  on_outcome_();
}

bool WaitSink::Take(std::uint64_t incarnation, v1::State state) {
  const bool is_another = live_ != 0 && incarnation != live_;
  state_ = state;
  live_ = state == v1::STATE_ALIVE || state == v1::STATE_SUSPECT ? incarnation : 0;
  unseen_end_ = is_another && !Is(state) && is_for_any_end();
  return Is(state) || unseen_end_;
}

void WaitSink::Client(const v1::Client& client) {
  // A filter of this id may match others too: one that ends in a star is a prefix.
  if (outcome_ || client.client_id() != client_id_) return;
  in_snapshot_ = true;
  if (!Take(client.incarnation(), client.state())) return;
  printer_.Client(client);
  Finish(Outcome::kMet);
}

void WaitSink::SnapshotDone(std::uint64_t /*clients*/, std::uint64_t /*revision*/,
                            const std::string& /*history_id*/) {
  if (outcome_ || in_snapshot_) return;
  state_ = v1::STATE_UNSPECIFIED;
  // One that was live has not ended because a server has lost its memory: it may come to that server yet.
  if (what_ != WaitSettings::For::kAlive && live_ == 0) Finish(Outcome::kUnknownClient);
}

void WaitSink::Transition(const v1::Transition& transition) {
  if (outcome_ || transition.client_id() != client_id_) return;
  if (Take(transition.incarnation(), transition.to_state())) {
    printer_.Transition(transition);
    Finish(Outcome::kMet);
  } else if (transition.to_state() == v1::STATE_FORGOTTEN && what_ != WaitSettings::For::kAlive) {
    Finish(Outcome::kUnknownClient);
  }
}

void WaitSink::Gap(std::uint64_t /*after_revision*/, std::uint64_t /*resumes_at_revision*/,
                   std::string_view /*why*/) {
  in_snapshot_ = false;
}

}  // namespace liveness::cli
