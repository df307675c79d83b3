#include "client/cli/api/server_race.h"

#include <algorithm>
#include <utility>

#include <grpc/support/time.h>

namespace liveness::cli {
namespace {

// How long Wait() waits for one of several channels before all of them are looked at.
constexpr common::Duration kLook = std::chrono::milliseconds(10);
// By how much gRPC's timers may be early.
constexpr common::Duration kTimers = std::chrono::milliseconds(200);
// How soon a stop is noticed.
constexpr common::Duration kStopLook = std::chrono::milliseconds(100);

}  // namespace

ServerRace::ServerRace(std::vector<std::size_t> servers, Connect connect, std::function<bool()> stop,
                       common::MonoTime give_up)
    : connect_(std::move(connect)), stop_(std::move(stop)), give_up_(give_up), left_(std::move(servers)) {
  next_at_ = common::SystemClock().Mono();
  for (const bool is_second : {true, false}) {
    for (auto server = left_.rbegin(); server != left_.rend(); ++server) {
      to_begin_.push_back({*server, nullptr, is_second, {}});
    }
  }
  const common::Duration all = std::max(give_up_ - next_at_, common::Duration::zero()) / 2;
  stagger_ = std::min<common::Duration>(
      kStagger, all / static_cast<std::int64_t>(std::max<std::size_t>(to_begin_.size(), 1)));
}

std::optional<ServerRace::Found> ServerRace::Next() {
  while (!left_.empty()) {
    const common::MonoTime now = common::SystemClock().Mono();
    const common::MonoTime next_at = Begin(now);
    if (std::optional<Found> found = Take(now)) {
      std::erase(left_, found->server);
      std::erase_if(attempts_, [&](const Attempt& each) { return each.server == found->server; });
      std::erase_if(to_begin_, [&](const Attempt& each) { return each.server == found->server; });
      next_at_ = now;  // if this server fails the call, the next one is tried at once
      return found;
    }
    if (now >= give_up_ || stop_()) break;
    Wait(std::min(next_at, give_up_));
  }
  return std::nullopt;
}

common::MonoTime ServerRace::Begin(common::MonoTime now) {
  while (!to_begin_.empty() && now >= next_at_) {
    attempts_.push_back(std::move(to_begin_.back()));
    to_begin_.pop_back();
    Attempt& begun = attempts_.back();
    Begin(begun, now, begun.is_second ? kLittlePatience : kPatience);
    next_at_ = now + stagger_;
    if (begun.channel->GetState(true) == GRPC_CHANNEL_READY) break;
  }
  return to_begin_.empty() ? common::MonoTime::max() : next_at_;
}

void ServerRace::Begin(Attempt& attempt, common::MonoTime now, common::Duration patience) {
  attempt.begun = now;
  attempt.patience = patience;
  attempt.channel = connect_(attempt.server, patience);
}

std::optional<ServerRace::Found> ServerRace::Take(common::MonoTime now) {
  const Attempt* refused = nullptr;
  for (Attempt& each : attempts_) {
    const grpc_connectivity_state state = each.channel->GetState(true);
    if (state == GRPC_CHANNEL_READY) return Found{each.server, each.channel};
    // A server that failed when our patience ended has refused nothing: it is as silent as before.
    const bool is_early = now - each.begun < each.patience - kTimers;
    if (state != GRPC_CHANNEL_TRANSIENT_FAILURE || !is_early) continue;
    if (each.is_second) {
      refused = &each;
    } else {
      TryAgain(each, now);
    }
  }
  if (refused == nullptr) return std::nullopt;
  return Found{refused->server, refused->channel};
}

void ServerRace::TryAgain(Attempt& first, common::MonoTime now) {
  std::erase_if(to_begin_, [&](const Attempt& each) { return each.server == first.server; });
  first.is_second = true;
  Begin(first, now, kPatience);
}

void ServerRace::Wait(common::MonoTime until) {
  const common::MonoTime now = common::SystemClock().Mono();
  const common::Duration span = std::min(until - now, attempts_.size() > 1 ? kLook : kStopLook);
  const gpr_timespec deadline = gpr_convert_clock_type(
      gpr_time_from_nanos(std::max(span, common::Duration::zero()).count(), GPR_TIMESPAN),
      GPR_CLOCK_MONOTONIC);
  // Each channel in turn, because its events are taken in by the thread that waits for it.
  const Attempt& waited_for = attempts_[turn_++ % attempts_.size()];
  const grpc_connectivity_state state = waited_for.channel->GetState(true);
  waited_for.channel->WaitForStateChange(state, deadline);
}

}  // namespace liveness::cli
