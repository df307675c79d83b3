#include "server/hooks/feed.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "server/core/record/client_fields.h"
#include "server/registry/watch/record_filter.h"

namespace liveness::hooks {
namespace {

// Units that a slice may cost its filter (core/filter/filter_cost.h): a millisecond or two.
constexpr std::int64_t kSliceUnits = 200'000;

core::Filter ParseFilter(const HookConfig& hook) {
  auto filter = core::Filter::Parse(hook.filter, core::WatchSchema());
  return filter.ok() ? *std::move(filter) : core::Filter();  // it was looked at when it was configured
}

std::size_t SliceOf(const core::Filter& filter) {
  const std::int64_t most = kSliceUnits / (2 * filter.cost() + 1);
  return std::clamp<std::size_t>(static_cast<std::size_t>(most), Feed::kSlice / 8, Feed::kSlice);
}

}  // namespace

Feed::Feed(const Source& source, const HookConfig& hook, Position position)
    : Feed(source, hook, ParseFilter(hook), std::move(position)) {}

Feed::Feed(const Source& source, const HookConfig& hook, core::Filter filter, Position position)
    : source_(source),
      slice_(SliceOf(filter)),
      filter_(registry::MakeRecordFilter(std::move(filter))),
      transitions_(hook.transitions),
      groups_(hook.groups),
      include_maintenance_(hook.include_maintenance),
      position_(position),
      looked_(std::move(position)) {
  if (looked_.history_id == source_.history_id) return;
  const registry::WatchGap gap{looked_.revision, source_.begin};
  looked_ = {source_.history_id, source_.begin, source_.begin};
  items_.push_back({source_.begin, source_.begin, nullptr, std::nullopt, gap});
}

EventPtr Feed::Head() {
  if (items_.empty()) Look();
  if (items_.empty()) return nullptr;
  if (head_ == nullptr) head_ = Make(items_.front());
  return head_;
}

void Feed::Pop() {
  const Item item = std::move(items_.front());
  items_.pop_front();
  head_ = nullptr;
  position_ = {source_.history_id, item.revision, item.gap_told};
  MoveUp();
}

void Feed::MoveUp() {
  if (items_.empty()) {
    position_ = looked_;
  } else if (!items_.front().gap) {
    // Its revision is not done with, be it the one of the item before.
    position_.revision = items_.front().revision - 1;
  }
}

std::optional<common::WallTime> Feed::head_time() const {
  if (items_.empty() || items_.front().gap) return std::nullopt;
  const Item& head = items_.front();
  return head.transition != nullptr ? head.transition->time : head.group->time;
}

EventPtr Feed::Make(const Item& item) const {
  if (item.transition != nullptr) return TransitionEvent(source_.history_id, *item.transition);
  if (item.group) return GroupEvent(source_.history_id, *item.group);
  return GapEvent(source_.history_id, item.gap->after_revision, item.gap->resumes_at_revision);
}

void Feed::Look() {
  const std::uint64_t from = looked_.revision;
  const registry::HistoryPage page = source_.history.HistoryAfter(from, slice_);
  more_ = page.stopped_at.has_value() || page.transitions.size() >= slice_;
  if (page.compacted > from) {
    TellGap(from, page.compacted);
    looked_.revision = page.compacted;
  }
  auto gap = page.gaps.begin();
  const auto tell_gaps_before = [&](std::uint64_t revision) {
    for (; gap != page.gaps.end() && gap->first < revision; ++gap) TellGap(gap->first, gap->second);
  };
  for (const core::TransitionPtr& transition : page.transitions) {
    tell_gaps_before(transition->revision());
    Take(transition);
  }
  if (page.stopped_at) looked_.revision = std::max(looked_.revision, *page.stopped_at);
  // The next page tells of those beyond this one.
  if (!more_) tell_gaps_before(std::numeric_limits<std::uint64_t>::max());
  MoveUp();
}

void Feed::TellGap(std::uint64_t after, std::uint64_t until) {
  if (until <= std::max(looked_.gap_told, looked_.revision)) return;
  const registry::WatchGap gap{std::max(after, looked_.revision), until};
  looked_.gap_told = until;
  items_.push_back({gap.after_revision, until, nullptr, std::nullopt, gap});
}

void Feed::Take(const core::TransitionPtr& transition) {
  const std::uint64_t revision = looked_.revision = transition->revision();
  looked_at_ += revision > source_.begin;
  if (groups_) {
    for (const core::GroupEvent& group :
         transition->groups ? *transition->groups : source_.groups.Find(revision)) {
      items_.push_back({revision, looked_.gap_told, nullptr, group, std::nullopt});
    }
  }
  if (!transitions_ || !registry::Concerns(filter_, *transition)) return;
  if (!include_maintenance_ && transition->after->health == core::Health::kMaintenance) {
    ++silenced_;
    return;
  }
  items_.push_back({revision, looked_.gap_told, transition, std::nullopt, std::nullopt});
}

}  // namespace liveness::hooks
