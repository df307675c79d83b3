// How a watcher gets its snapshot, its past and its present. See watch.h.
#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "common/status.h"
#include "common/strings.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;

namespace {

constexpr std::size_t kSnapshotPart = 256;
constexpr std::size_t kPublishAtOnce = 4'096;

}  // namespace

// Gap, snapshot, past and present, in this order; each only where it is needed.
class Registry::WatchImpl final : public Watch {
 public:
  WatchImpl(Registry& registry, WatchRequest request, std::shared_ptr<Mailbox> mailbox, bool gap)
      : registry_(registry),
        request_(std::move(request)),
        mailbox_(std::move(mailbox)),
        known_(request_.start_revision),
        pulled_(request_.start_revision) {
    if (gap) {
      BeginGap();
    } else if (request_.start_revision == 0) {
      phase_ = Phase::kSnapshot;
    }
  }

  WatchItem Next() override {
    WatchItem item;
    switch (phase_) {
      case Phase::kGap: TakeGap(item); break;
      case Phase::kSnapshot: TakeSnapshotPart(item); break;
      case Phase::kPast: TakePast(item); break;
      case Phase::kPresent: TakePresent(item); break;
    }
    return item;
  }

  std::optional<std::uint64_t> Caught() const override {
    if (phase_ != Phase::kPresent || snapshot_end_ != 0) return std::nullopt;
    return mailbox_->Caught();
  }

  absl::Status Reached() const override {
    MutexLock lock(registry_.mu_);
    const std::uint64_t last = registry_.history_.last();
    if (known_ <= last) return absl::OkStatus();
    return common::Error(absl::StatusCode::kOutOfRange, "REVISION_IN_FUTURE",
                         common::StrCat("start_revision ", known_, " is above this history's last, ", last));
  }

 private:
  enum class Phase : std::uint8_t { kGap, kSnapshot, kPast, kPresent };

  void BeginGap() {
    phase_ = Phase::kGap;
    known_ = 0;
    cursor_.clear();
    parts_.clear();
    snapshot_end_ = 0;
  }

  void TakeGap(WatchItem& item) {
    item.gap = WatchGap{pulled_, mailbox_->Reset()};
    phase_ = Phase::kSnapshot;
  }

  void TakeSnapshotPart(WatchItem& item) {
    // Never a change that has no revision: if it came to nothing, no transition would take it back.
    ScanRequest scan{.after = cursor_, .limit = kSnapshotPart, .committed = true, .matches = nullptr};
    if (request_.filter) {
      scan.matches = [this](const core::ClientRecord& record, const core::Vitals&) {
        return request_.filter(record);
      };
    }
    while (item.clients.empty()) {
      ScanResult part = registry_.Scan(scan);
      item.clients = std::move(part.views);
      scan.after = cursor_ = std::move(part.cursor);
      parts_.push_back({cursor_, part.revision});
      if (part.done) {
        // What changed behind the cursor waits in the mailbox: the snapshot is
        // done when all that up to here has been told as well.
        snapshot_end_ = part.revision;
        phase_ = Phase::kPresent;
        if (item.clients.empty()) TakePresent(item);
        return;
      }
    }
  }

  void TakePast(WatchItem& item) {
    const std::uint64_t until = mailbox_->opened_at();
    while (pulled_ < until) {
      HistoryPage page = registry_.HistoryAfter(pulled_, kMaxBatch);
      const auto lost = [&](const auto& gap) { return gap.second > pulled_ && gap.first < until; };
      if (pulled_ < page.compacted || std::any_of(page.gaps.begin(), page.gaps.end(), lost)) {
        BeginGap();
        return TakeGap(item);
      }
      std::erase_if(page.transitions, [&](const auto& each) { return each->revision() > until; });
      pulled_ = page.transitions.empty() ? until : page.transitions.back()->revision();
      item.batches = MakeBatches(request_.filter, page.transitions);
      if (item.batches.empty()) continue;
      item.revision = pulled_;
      return;
    }
    phase_ = Phase::kPresent;
    TakePresent(item);
  }

  void TakePresent(WatchItem& item) {
    bool more = true;
    // An empty item says that the mailbox will wake us, which only one that was found empty does.
    while (more && item.empty()) {
      Mailbox::Taken taken = mailbox_->Take(kMaxBatch, snapshot_end_);
      if (taken.overrun) {
        BeginGap();
        return TakeGap(item);
      }
      more = !taken.batches.empty();
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
    }
  }

  // A watcher may start at a revision that it read before it was published, and a
  // part of the snapshot may have been read after what waited in the mailbox.
  void DropKnown(std::vector<std::shared_ptr<const Batch>>& batches) const {
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

  // True if the part that the client belongs to was read after the transition.
  bool InSnapshot(const core::Transition& transition) const {
    const auto part = std::lower_bound(
        parts_.begin(), parts_.end(), transition.after->client_id(),
        [](const SnapshotPart& each, std::string_view client_id) { return each.last_id < client_id; });
    if (part != parts_.end()) return transition.revision() <= part->revision;
    // Beyond the last id: the last part has found nobody there.
    return !parts_.empty() && transition.revision() <= parts_.back().revision;
  }

  Registry& registry_;
  const WatchRequest request_;
  const std::shared_ptr<Mailbox> mailbox_;
  Phase phase_ = Phase::kPast;
  struct SnapshotPart {
    std::string last_id;
    std::uint64_t revision;  // when it was read
  };
  std::vector<SnapshotPart> parts_;  // of a snapshot that is not done
  std::string cursor_;
  std::uint64_t snapshot_end_ = 0;  // not 0: the snapshot is read but not yet done
  std::uint64_t known_;             // what the watcher had when it came; 0 once a gap was told
  std::uint64_t pulled_;
};

absl::StatusOr<std::shared_ptr<Watch>> Registry::StartWatch(WatchRequest request) {
  const bool ours = request.history_id.empty() || request.history_id == store_.history_id();
  std::shared_ptr<Mailbox> mailbox = hub_.Open(request);
  if (mailbox == nullptr) {
    return common::WithRetryDelay(
        common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
                      common::StrCat("this server serves its most, ", options_.max_watchers, " watchers")),
        std::chrono::seconds(5));
  }
  const bool gap = !ours && request.start_revision != 0;
  const auto watch = std::make_shared<WatchImpl>(*this, std::move(request), std::move(mailbox), gap);
  if (const absl::Status reached = watch->Reached(); !reached.ok() && !store_.shared()) return reached;
  return std::shared_ptr<Watch>(watch);
}

bool Registry::PublishPending() {
  std::vector<core::TransitionPtr> transitions;
  std::uint64_t revision = 0;
  bool lost = false;
  {
    MutexLock lock(mu_);
    if (published_ == history_.last()) return false;
    lost = published_ < history_.compacted();
    transitions = history_.Read({.after = published_, .limit = kPublishAtOnce});
    published_ = revision = transitions.back()->revision();
  }
  hub_.Publish(transitions, revision, lost);
  return true;
}

}  // namespace liveness::registry
