#include "server/core/fleet/self_doubt.h"

#include <algorithm>

namespace liveness::core {

SelfDoubt::Change SelfDoubt::Count(const MassFailure::Tally& everyone, MonoTime now) {
  const auto down = static_cast<double>(everyone.fallen);
  const double limit = options_.share * static_cast<double>(everyone.members);
  const bool by_voices = everyone.beside_the_largest_voice >= options_.min_members;
  if (!doubting_ && everyone.members >= options_.min_members && down > limit &&
      (!by_voices || everyone.fallen_voices > options_.share)) {
    doubting_ = true;
    began_at_ = now;
    ++episode_count_;
    return Change::kBegins;
  }
  if (doubting_ && (down <= limit / 2 || (by_voices && everyone.fallen_voices <= options_.share / 2))) {
    doubting_ = false;
    ended_at_ = now;
    return Change::kEnds;
  }
  return Change::kNone;
}

void SelfDoubt::CanaryAnswered(MonoTime sent_at, MonoTime answered_at) {
  if (!canary_) canary_ = Canary{sent_at, answered_at};
  // Answers may come in any order over several streams.
  canary_->sent_at = std::max(canary_->sent_at, sent_at);
  canary_->answered_at = std::max(canary_->answered_at, answered_at);
}

bool SelfDoubt::Concerns(const Suspect& suspect) const {
  if (suspect.held) return true;
  if (episode_count_ == 0 || suspect.since + options_.window < began_at_) return false;
  return doubting_ || suspect.since <= ended_at_;
}

bool SelfDoubt::CanarySpoke(const Suspect& suspect, MonoTime now) const {
  if (!canary_) return true;
  if (!suspect.closed) return canary_->sent_at >= suspect.since;
  return canary_->answered_at >= suspect.since || now - canary_->answered_at <= kCanaryLives;
}

std::optional<SelfDoubt::Hold> SelfDoubt::HoldBack(const Suspect& suspect, MonoTime now) const {
  if (!Concerns(suspect) || now >= suspect.bound) return std::nullopt;
  const bool canary_spoke = CanarySpoke(suspect, now);
  if (suspect.closed && canary_spoke) return std::nullopt;

  Hold hold{.until = now};
  if (!suspect.closed && suspect.open) {
    const Duration answer_time = std::max<Duration>(4 * suspect.rtt, kLeastAnswerTime);
    hold.probe = suspect.probed_at < began_at_;
    hold.until = std::max(now, (hold.probe ? now : suspect.probed_at) + answer_time);
  }
  if (!canary_spoke) {
    // The longer the canary was silent, the longer it may stay so: few questions, however many deaths wait.
    hold.until = std::max(hold.until, now + std::max<Duration>(kLeastPause, (now - suspect.since) / 2));
  }
  hold.until = std::min(hold.until, suspect.bound);
  if (hold.until <= now) return std::nullopt;
  return hold;
}

}  // namespace liveness::core
