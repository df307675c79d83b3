#include "client/src/session/live_stream.h"

#include <chrono>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

// Pings that are remembered until they are answered.
constexpr std::size_t kMostUnanswered = 100;

// How late a check of the silence may be before the client says that it did not run itself: well
// above a scheduler's delays, well below the timeout.
common::Duration OversleepSlack(common::Duration timeout) {
  return std::clamp<common::Duration>(timeout / 4, 5ms, 1s);
}

}  // namespace

void LiveStream::Welcomed(BootTime now, const Terms& terms, std::optional<BootTime> hello_sent,
                          std::optional<Duration> vouched_for) {
  period = terms.period;
  timeout = terms.timeout;
  const Duration believed = Believed(vouched_for);
  alive_until = hello_sent.value_or(now - believed) + believed;
  lapse = now + believed;
  give_up = now + timeout;
  next_ping = now;
}

std::uint64_t LiveStream::SendPing(BootTime now) {
  if (unanswered.size() >= kMostUnanswered) unanswered.pop_front();
  unanswered.push_back({++last_sequence, now});
  next_ping += period;
  if (next_ping <= now) next_ping = now + period;  // never a burst
  return last_sequence;
}

std::optional<LiveStream::SentPing> LiveStream::TakeAnswered(std::uint64_t sequence) {
  std::optional<SentPing> answered;
  while (!unanswered.empty() && unanswered.front().sequence <= sequence) {
    answered = unanswered.front();
    unanswered.pop_front();
  }
  return answered;
}

bool LiveStream::Extend(BootTime now, BootTime sent, std::optional<Duration> vouched_for) {
  // Every promise stands by itself: a shorter one takes nothing back.
  alive_until = std::max(alive_until, sent + Believed(vouched_for));
  lapse = std::max(lapse, alive_until);
  give_up = std::max(give_up, sent + timeout);
  if (!lapsed || alive_until <= now) return false;
  lapsed = false;
  lapse = alive_until;
  give_up = sent + timeout;
  return true;
}

std::optional<common::BootTime> LiveStream::AskedAt() const {
  if (unanswered.empty()) return std::nullopt;
  return std::max(unanswered.front().sent, woken);
}

LiveStream::Silence LiveStream::CheckSilence(BootTime now) {
  const bool lapses = !lapsed && now >= lapse;
  if (lapses && now - lapse > OversleepSlack(timeout)) {
    lapsed = true;
    // The stream may well be good: the server is asked, and has another timeout to answer.
    give_up = now + timeout;
    next_ping = woken = now;
    return Silence::kOverslept;
  }
  if (lapses && now < give_up) {
    lapsed = true;
    return Silence::kUnvouched;
  }
  return now < give_up || given_up ? Silence::kNone : Silence::kTimeout;
}

std::optional<common::BootTime> LiveStream::NextCheck() const {
  if (given_up) return std::nullopt;
  return lapsed ? give_up : lapse;
}

}  // namespace liveness::internal
