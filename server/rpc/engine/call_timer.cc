#include "server/rpc/engine/call_timer.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "server/rpc/engine/from_now.h"

namespace liveness::rpc {

using common::MonoTime;

CallTimer::CallTimer(grpc::CompletionQueue& cq, const CallPatience& patience)
    : cq_(cq),
      lists_{WaitList(patience.request), WaitList(patience.next_request), WaitList(patience.outcome),
             WaitList(patience.answer)} {}

void CallTimer::Start(Waiter& waiter, Wait wait) {
  common::MutexLock lock(mu_);
  WaitList::Remove(waiter);
  const MonoTime due = lists_.at(static_cast<std::size_t>(wait)).Add(waiter, common::SystemClock().Mono());
  if (!armed_) {
    Arm(common::Duration::zero());
  } else if (due < armed_for_) {
    alarm_.Cancel();  // which runs OnAlarm(), and OnAlarm() arms it for the earlier moment
  }
}

void CallTimer::Stop(Waiter& waiter) {
  common::MutexLock lock(mu_);
  WaitList::Remove(waiter);
}

void CallTimer::Shutdown() {
  common::MutexLock lock(mu_);
  over_ = true;
  if (armed_) alarm_.Cancel();
}

void CallTimer::OnAlarm(bool) {
  std::vector<std::pair<std::shared_ptr<Waiter>, Wait>> overdue;
  {
    common::MutexLock lock(mu_);
    armed_ = false;
    const MonoTime now = common::SystemClock().Mono();
    const bool late = now - armed_for_ >= kLate;
    if (!late) {
      for (std::size_t wait = 0; wait < lists_.size(); ++wait) {
        while (overdue.size() < kEndedAtOnce) {
          WaitList::Entry* const entry = lists_.at(wait).PopDue(now);
          if (entry == nullptr) break;
          if (auto waiter = static_cast<Waiter*>(entry)->Hold()) {
            overdue.emplace_back(std::move(waiter), static_cast<Wait>(wait));
          }
        }
      }
    }
    Arm(late ? kLate : common::Duration::zero());
  }
  for (const auto& [waiter, wait] : overdue) waiter->Overdue(wait);
}

void CallTimer::Arm(common::Duration least) {
  std::optional<MonoTime> next;
  for (const WaitList& list : lists_) {
    const std::optional<MonoTime> due = list.NextDue();
    if (due && (!next || *due < *next)) next = due;
  }
  if (!next || over_) return;
  const MonoTime now = common::SystemClock().Mono();
  armed_ = true;
  armed_for_ = std::max(*next, now + least);
  alarm_.Set(&cq_, FromNow(armed_for_ - now), tag_.Arm());
}

}  // namespace liveness::rpc
