// How watches begin, and how what was committed reaches them. See watch/watch_cursor.h.
#include <utility>
#include <vector>

#include "server/registry/registry.h"
#include "server/registry/watch/watch_cursor.h"

namespace liveness::registry {

using common::MutexLock;

namespace {

// Bounds how long the lock is held for it.
constexpr std::size_t kPublishAtOnce = 1'024;
static_assert(kPublishAtOnce < storage::TransitionLog::kLook);

}  // namespace

absl::StatusOr<std::shared_ptr<Watch>> Registry::StartWatch(WatchRequest request) {
  const bool ours = request.history_id.empty() || request.history_id == store_.history_id();
  absl::StatusOr<std::shared_ptr<Mailbox>> mailbox = hub_.Open(request);
  if (!mailbox.ok()) return mailbox.status();
  const bool other_history = !ours && request.start_revision != 0;
  const auto watch =
      std::make_shared<WatchCursor>(*this, std::move(request), *std::move(mailbox), other_history);
  if (const absl::Status reached = watch->Reached(); !reached.ok() && !store_.shared()) return reached;
  return std::shared_ptr<Watch>(watch);
}

bool Registry::PublishPending() {
  std::vector<core::TransitionPtr> transitions;
  std::uint64_t revision = 0;
  bool lost = false;
  {
    MutexLock lock(mu_);
    // What a gap came to is told once it is there in full: whoever is told of the gap then gets a snapshot.
    const std::uint64_t last = history_.open_gap().value_or(history_.last());
    if (published_ < last) {
      std::uint64_t after = published_;
      const storage::RevisionGaps gaps = history_.Gaps(after, last + 1);
      lost = after < history_.complete_after() || !gaps.empty();
      if (!gaps.empty()) after = std::max(after, gaps.back().second);
      // It looks at no more than that: all of them match.
      transitions = history_.Read({.after = after, .before = last + 1, .limit = kPublishAtOnce}).transitions;
      published_ = revision = transitions.size() < kPublishAtOnce ? last : transitions.back()->revision();
    }
  }
  const bool any = revision != 0;
  if (any) hub_.Publish(std::move(transitions), revision, lost);
  return hub_.Work() || any;
}

}  // namespace liveness::registry
