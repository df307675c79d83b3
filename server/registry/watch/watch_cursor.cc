#include "server/registry/watch/watch_cursor.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/status.h"
#include "common/strings.h"

namespace liveness::registry {
namespace {

// Units that a slice of the past may cost its filter (core/filter/filter_cost.h): a millisecond or two.
constexpr std::int64_t kSliceUnits = 200'000;

std::size_t SliceOf(const WatchRequest& request) {
  const std::int64_t most = kSliceUnits / (2 * request.filter_cost + 1);
  return std::clamp<std::size_t>(static_cast<std::size_t>(most), kMaxBatch / 4, WatchCursor::kSlice);
}

}  // namespace

WatchCursor::WatchCursor(const WatchSource& source, WatchRequest request, std::shared_ptr<Mailbox> mailbox,
                         bool other_history)
    : source_(source),
      request_(std::move(request)),
      mailbox_(std::move(mailbox)),
      past_end_(mailbox_->opened_at()),
      known_(request_.start_revision),
      pulled_(request_.start_revision) {
  if (other_history) {
    BeginGap();
  } else if (request_.start_revision == 0) {
    phase_ = Phase::kSnapshot;
  } else if (pulled_ >= past_end_) {
    phase_ = Phase::kPresent;
  }
}

WatchItem WatchCursor::Next() {
  WatchItem item;
  switch (phase_) {
    case Phase::kGap: TakeGap(item); break;
    case Phase::kSnapshot: TakeSnapshotPart(item); break;
    case Phase::kPast: TakePast(item); break;
    case Phase::kPresent: TakePresent(item); break;
  }
  return item;
}

bool WatchCursor::heavy() const { return phase_ == Phase::kSnapshot || phase_ == Phase::kPast; }

std::optional<std::uint64_t> WatchCursor::Caught() const {
  if (phase_ == Phase::kPast) return pulled_;
  if (phase_ != Phase::kPresent || snapshot_end_ != 0) return std::nullopt;
  const std::optional<std::uint64_t> told = mailbox_->Caught();
  if (!told) return std::nullopt;
  return std::max(*told, pulled_);
}

absl::Status WatchCursor::Reached() const {
  const std::uint64_t last = source_.revision();
  if (known_ <= last) return absl::OkStatus();
  return common::Error(absl::StatusCode::kOutOfRange, "REVISION_IN_FUTURE",
                       common::StrCat("start_revision ", known_, " is above this history's last, ", last));
}

void WatchCursor::BeginGap() {
  phase_ = Phase::kGap;
  known_ = 0;
  cursor_.clear();
  parts_.clear();
  snapshot_end_ = 0;
}

void WatchCursor::TakeGap(WatchItem& item) {
  item.gap = WatchGap{pulled_, mailbox_->Reset()};
  phase_ = Phase::kSnapshot;
}

void WatchCursor::TakeSnapshotPart(WatchItem& item) {
  // Only what is committed: if a change without a revision came to nothing, no transition would take it back.
  ScanRequest scan{.after = cursor_,
                   .limit = kSnapshotPart,
                   .committed = true,
                   .matches = nullptr,
                   .filter_cost = request_.filter_cost};
  if (request_.filter) {
    scan.matches = [this](const core::ClientRecord& record, const core::Vitals&) {
      return request_.filter(record);
    };
  }
  ScanResult part = source_.Scan(scan);
  item.clients = std::move(part.views);
  cursor_ = std::move(part.cursor);
  parts_.push_back({cursor_, part.revision});
  item.more = item.clients.empty();
  if (!part.done) return;
  // What changed behind the cursor waits in the mailbox. The snapshot is done when all of it up to this
  // part's revision has been told as well.
  snapshot_end_ = part.revision;
  phase_ = Phase::kPresent;
  if (item.clients.empty()) TakePresent(item);
}

void WatchCursor::TakePast(WatchItem& item) {
  if (pulled_ >= past_end_) {
    if (mailbox_->overrun()) {
      past_end_ = mailbox_->Reset();
      item.more = true;
      return;
    }
    phase_ = Phase::kPresent;
    return TakePresent(item);
  }
  HistoryPage page = source_.HistoryAfter(pulled_, SliceOf(request_));
  const auto lost = [&](const auto& gap) { return gap.second > pulled_ && gap.first < past_end_; };
  if (pulled_ < page.compacted || std::any_of(page.gaps.begin(), page.gaps.end(), lost)) {
    BeginGap();
    return TakeGap(item);
  }
  std::erase_if(page.transitions, [&](const auto& each) { return each->revision() > past_end_; });
  pulled_ = page.transitions.empty() ? past_end_ : page.transitions.back()->revision();
  item.batches = MakeBatches(request_.filter, page.transitions);
  item.revision = pulled_;
  item.more = item.batches.empty();
}

void WatchCursor::TakePresent(WatchItem& item) {
  // An empty item says that the mailbox will wake the puller, and a mailbox does that only if it was found
  // empty.
  item.more = false;
  std::size_t looked_at = 0;
  do {
    Mailbox::Taken taken = mailbox_->Take(kMaxBatch, snapshot_end_);
    if (taken.overrun) {
      BeginGap();
      return TakeGap(item);
    }
    item.more = !taken.batches.empty();
    for (const auto& batch : taken.batches) looked_at += batch->size();
    item.batches = std::move(taken.batches);
    DropKnown(item.batches);
    if (snapshot_end_ != 0) {
      if (taken.revision < snapshot_end_) continue;  // still catching up with the snapshot
      item.snapshot_done = true;
      snapshot_end_ = 0;
      parts_ = {};  // what follows is younger than all of them
      pulled_ = 0;  // it may be a revision of another history
    }
    pulled_ = std::max(pulled_, taken.revision);
    item.revision = pulled_;
  } while (item.more && !item.has_content() && looked_at < kSlice);
  if (item.has_content()) item.more = false;
}

void WatchCursor::DropKnown(std::vector<std::shared_ptr<const Batch>>& batches) const {
  if (batches.empty()) return;
  const std::uint64_t first = batches.front()->first_revision();
  if (first > known_ && (parts_.empty() || first > parts_.back().revision)) return;  // mostly
  const auto known = [&](const core::TransitionPtr& each) {
    return each->revision() <= known_ || InSnapshot(*each);
  };
  // A snapshot shows clients, not what befell them together.
  const auto known_group = [&](const core::GroupEvent& each) { return each.revision <= known_; };
  for (auto& batch : batches) {
    std::vector<core::TransitionPtr> rest = batch->transitions();
    core::GroupEvents groups = batch->groups();
    if (std::erase_if(rest, known) + std::erase_if(groups, known_group) == 0) continue;
    const bool none = rest.empty() && groups.empty();
    batch = none ? nullptr : std::make_shared<const Batch>(std::move(rest), std::move(groups));
  }
  std::erase(batches, nullptr);
}

bool WatchCursor::InSnapshot(const core::Transition& transition) const {
  const auto part = std::lower_bound(
      parts_.begin(), parts_.end(), transition.after->client_id(),
      [](const SnapshotPart& each, std::string_view client_id) { return each.last_id < client_id; });
  if (part != parts_.end()) return transition.revision() <= part->revision;
  // Beyond the last id: the last part has found nobody there.
  return !parts_.empty() && transition.revision() <= parts_.back().revision;
}

}  // namespace liveness::registry
