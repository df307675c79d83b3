#include "server/hooks/runner.h"

#include <algorithm>
#include <utility>

#include "common/duration_text.h"
#include "common/strings.h"

namespace liveness::hooks {

std::string ReceiverOf(const HookConfig& hook) {
  if (!hook.url.empty()) return ShownUrl(hook.url);
  return hook.command.empty() ? std::string() : hook.command.front();
}

Runner::Runner(const Parts& parts, HookConfigPtr hook, Position position, const News& news)
    : parts_(parts), hook_(std::move(hook)), retry_(parts.random), skipped_(news.published) {
  MakeFeed(std::move(position));
}

void Runner::MakeFeed(Position position) {
  if (feed_) {
    silenced_before_ += feed_->silenced();
    passed_before_ = Passed();
  }
  feed_.emplace(parts_.source, *hook_, std::move(position));
}

common::MonoTime Runner::Step(common::MonoTime now, const News& news) {
  if (in_flight_ || held_) return common::MonoTime::max();
  if (now < try_at_) return try_at_;
  if (idle_since_ == news.count) return common::MonoTime::max();
  EventPtr head = feed_->Head();
  if (head == nullptr && feed_->has_more()) return now;
  if (head == nullptr) {
    idle_since_ = news.count;
    skipped_ = news.published - std::min(news.published, Passed());
    return common::MonoTime::max();
  }
  idle_since_.reset();
  in_flight_ = true;
  parts_.delivery.Send(
      hook_, std::move(head),
      [tell = parts_.on_outcome, name = hook_->name](Outcome outcome) { tell(name, std::move(outcome)); });
  return common::MonoTime::max();
}

void Runner::Done(const Outcome& outcome, common::MonoTime now) {
  in_flight_ = false;
  counts_.Count(outcome.result);
  if (outcome.result == Result::kTaken) {
    if (retry_.failures() > 0) {
      parts_.log(false,
                 common::StrCat("hook ", hook_->name, ": ", ReceiverOf(*hook_), " takes events again, after ",
                                retry_.failures(), " attempts that failed"));
    }
    if (feed_->Head()->kind == EventKind::kGap) ++counts_.gaps;
    Pop();
  } else if (outcome.result != Result::kCancelled && next_ == nullptr) {
    Failed(outcome, now);
  }
  if (next_) Apply();
}

void Runner::Failed(const Outcome& outcome, common::MonoTime now) {
  const auto next = retry_.Failed(outcome, hook_->retry_for, now);
  const std::string what =
      common::StrCat("hook ", hook_->name, ": ", ReceiverOf(*hook_), ": ", outcome.error);
  if (!next) {
    ++counts_.given_up;
    parts_.log(true, common::StrCat(what, "; event ", feed_->Head()->id, " is given up"));
    Pop();
    return;
  }
  if (error_ != outcome.error) {
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(*next - now);
    parts_.log(true, common::StrCat(what, "; the next try is in ", common::FormatDuration(pause)));
  }
  error_ = outcome.error;
  try_at_ = *next;
}

void Runner::Pop() {
  feed_->Pop();
  ++popped_;
  retry_.Reset();
  error_.clear();
  try_at_ = {};
}

void Runner::Replace(HookConfigPtr hook) {
  next_ = std::move(hook);
  if (in_flight_) return parts_.delivery.Cancel(hook_->name);
  Apply();
}

void Runner::Apply() {
  hook_ = std::exchange(next_, nullptr);
  // The event may be another, or its receiver: what failed so far counts for neither.
  retry_.Reset();
  error_.clear();
  try_at_ = {};
  idle_since_.reset();
  MakeFeed(feed_->position());
}

void Runner::Cancel() {
  held_ = true;
  if (in_flight_) parts_.delivery.Cancel(hook_->name);
}

HookState Runner::State(const News& news, common::MonoTime now, common::WallTime wall) const {
  HookState state = counts_;
  state.name = hook_->name;
  state.receiver = ReceiverOf(*hook_);
  state.silenced = silenced_before_ + feed_->silenced();
  state.in_flight = in_flight_;
  state.revision = position().revision;
  state.behind = news.published - std::min(news.published, Passed() + skipped_);
  state.oldest = feed_->head_time();
  state.failures = retry_.failures();
  state.last_error = error_;
  if (!in_flight_ && try_at_ > now) state.next_try = wall + (try_at_ - now);
  return state;
}

}  // namespace liveness::hooks
