#include "server/registry/records/history.h"

#include <algorithm>
#include <utility>

namespace liveness::registry {
namespace {

constexpr std::size_t kPublishAtOnce = 1'024;
// One look finds them all, for all of them match.
static_assert(kPublishAtOnce < storage::TransitionLog::kLook);

}  // namespace

void History::Append(core::TransitionPtr transition) {
  last_ = transition->revision();
  log_.Append(std::move(transition));
}

void History::BeginGap(std::uint64_t after, std::uint64_t until) {
  open_gap_ = open_gap_ ? std::min(*open_gap_, after) : after;
  log_.AddGap(after, until);
}

void History::EndGap(std::uint64_t until) {
  open_gap_.reset();
  last_ = std::max(last_, until);
}

History::Unpublished History::TakeUnpublished() {
  // What a gap came to is told once it is there in full: whoever is told of the gap then gets a snapshot.
  const std::uint64_t last = open_gap_.value_or(last_);
  if (published_ >= last) return {};
  std::uint64_t after = published_;
  const storage::RevisionGaps gaps = Gaps(after, last + 1);
  Unpublished part{.lost = after < complete_after() || !gaps.empty()};
  if (!gaps.empty()) after = std::max(after, gaps.back().second);
  part.transitions = Read({.after = after, .before = last + 1, .limit = kPublishAtOnce}).transitions;
  part.revision = part.transitions.size() < kPublishAtOnce ? last : part.transitions.back()->revision();
  published_ = part.revision;
  return part;
}

}  // namespace liveness::registry
