#include "client/src/live_stream.h"

#include <utility>

namespace liveness::internal {
namespace {

// Pings that are remembered until they are answered.
constexpr std::size_t kMostUnanswered = 100;

}  // namespace

void LiveStream::Welcomed(BootTime now, std::optional<BootTime> hello_sent,
                          std::optional<Duration> vouched_for) {
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

}  // namespace liveness::internal
