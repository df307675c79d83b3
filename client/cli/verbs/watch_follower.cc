#include "client/cli/verbs/watch_follower.h"

#include <chrono>

namespace liveness::cli {
namespace {

// How long a server may be behind the others. It follows them within milliseconds, unless it is cut off.
constexpr common::Duration kBehindLimit = std::chrono::minutes(1);

}  // namespace

void WatchFollower::StartAt(std::uint64_t revision, const std::string& history_id) {
  revision_ = revision;
  history_id_ = history_id;
}

v1::WatchClientsRequest WatchFollower::Request() const {
  v1::WatchClientsRequest request;
  request.set_filter(filter_);
  request.set_start_revision(revision_);
  request.set_history_id(history_id_);
  return request;
}

void WatchFollower::BeginStream() {
  snapshot_.clear();
  in_snapshot_ = revision_ == 0;
}

void WatchFollower::Take(const v1::WatchClientsResponse& response) {
  behind_since_.reset();
  if (response.has_gap()) {
    sink_.Gap(response.gap().after_revision(), response.gap().resumes_at_revision(), "");
    BeginSnapshot();
    muted_ = false;
  }
  for (const v1::Client& client : response.clients()) {
    snapshot_[client.client_id()] = client.revision();
    if (!muted_) sink_.Client(client);
  }
  auto group = response.groups().begin();
  for (const v1::Transition& transition : response.transitions()) {
    for (; group != response.groups().end() && group->revision() <= transition.revision(); ++group) {
      sink_.Group(*group);
    }
    if (IsNews(transition)) sink_.Transition(transition);
  }
  for (; group != response.groups().end(); ++group) sink_.Group(*group);
  if (response.snapshot_done()) {
    if (!muted_) sink_.SnapshotDone(snapshot_.size(), response.revision(), response.history_id());
    in_snapshot_ = false;
    snapshot_.clear();
    muted_ = false;
  }
  // A watch cannot be resumed from half a snapshot.
  if (!in_snapshot_ && response.revision() > 0) StartAt(response.revision(), response.history_id());
}

bool WatchFollower::IsBehindForGood(common::MonoTime now) {
  if (!behind_since_) behind_since_ = now;
  return now - *behind_since_ >= kBehindLimit;
}

void WatchFollower::Forget(std::string_view why) {
  behind_since_.reset();
  sink_.Gap(revision_, 0, why);
  BeginSnapshot();
  muted_ = false;
}

void WatchFollower::BeginSnapshot() {
  StartAt(0, "");
  in_snapshot_ = true;
  snapshot_.clear();
}

// By the contract a server leaves out the transitions that its snapshot has shown. If it repeats them before
// the snapshot is done, they are not told again.
bool WatchFollower::IsNews(const v1::Transition& transition) {
  if (!in_snapshot_) return true;
  std::uint64_t& known = snapshot_[transition.client_id()];
  if (transition.revision() <= known) return false;
  known = transition.revision();
  if (transition.to_state() == v1::STATE_FORGOTTEN) snapshot_.erase(transition.client_id());
  return true;
}

}  // namespace liveness::cli
