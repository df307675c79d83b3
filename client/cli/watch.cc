// `livenessctl watch`: who is there, then each change as it happens.
//
// It comes back by itself from the revision up to which it has told everything,
// and says when it was away and whether something is missing.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "client/cli/error_text.h"
#include "client/cli/stop_signal.h"
#include "client/cli/verbs.h"
#include "client/cli/watch_printer.h"
#include "common/backoff.h"
#include "common/mutex.h"
#include "common/random.h"

namespace liveness::cli {
namespace {

// The server promises a message every 5 s.
constexpr common::Duration kSilenceLimit = std::chrono::seconds(16);

// Set once, by the signal's thread; waited for by the watch.
class StopFlag {
 public:
  void Set() {
    common::MutexLock lock(mu_);
    set_ = true;
    changed_.NotifyAll();
  }
  bool IsSet() {
    common::MutexLock lock(mu_);
    return set_;
  }
  // True if it is set before `span` has passed.
  bool AwaitFor(common::Duration span, const common::Clock& clock) {
    const common::MonoTime end = clock.Mono() + span;
    common::MutexLock lock(mu_);
    for (common::MonoTime now = clock.Mono(); !set_ && now < end; now = clock.Mono())
      changed_.WaitFor(mu_, end - now);
    return set_;
  }

 private:
  common::Mutex mu_;
  common::CondVar changed_;
  bool set_ ABSL_GUARDED_BY(mu_) = false;
};

// What has been told, and what is told next.
class Follower {
 public:
  Follower(const WatchSettings& settings, OutputFormat output, Terminal& terminal)
      : filter_(settings.filter), printer_(output, terminal) {}

  // Begin after `revision`, without a snapshot.
  void StartAt(std::uint64_t revision, const std::string& history_id) {
    revision_ = revision;
    history_id_ = history_id;
  }
  // Tell nothing of the next snapshot.
  void MuteSnapshot() { muted_ = true; }

  v1::WatchClientsRequest Request() const {
    v1::WatchClientsRequest request;
    request.set_filter(filter_);
    request.set_start_revision(revision_);
    request.set_history_id(history_id_);
    return request;
  }

  void Take(const v1::WatchClientsResponse& response) {
    if (response.has_gap()) {
      printer_.Gap(response.gap().after_revision(), response.gap().resumes_at_revision(), "");
      BeginSnapshot();
      muted_ = false;
    }
    for (const v1::Client& client : response.clients()) {
      snapshot_[client.client_id()] = client.revision();
      if (!muted_) printer_.Client(client);
    }
    auto group = response.groups().begin();
    for (const v1::Transition& transition : response.transitions()) {
      for (; group != response.groups().end() && group->revision() <= transition.revision(); ++group) {
        printer_.Group(*group);
      }
      if (IsNews(transition)) printer_.Transition(transition);
    }
    for (; group != response.groups().end(); ++group) printer_.Group(*group);
    if (response.snapshot_done()) {
      if (!muted_) printer_.SnapshotDone(snapshot_.size(), response.revision(), response.history_id());
      in_snapshot_ = false;
      snapshot_.clear();
      muted_ = false;
    }
    // Half a snapshot is no ground to resume from.
    if (!in_snapshot_ && response.revision() > 0) StartAt(response.revision(), response.history_id());
  }

  // A stream begins: does a snapshot come first?
  void BeginStream() {
    snapshot_.clear();
    in_snapshot_ = revision_ == 0;
  }
  // What was told is void; the next stream starts from a snapshot.
  void Forget(std::string_view why) {
    printer_.Gap(revision_, 0, why);
    BeginSnapshot();
    muted_ = false;
  }

  std::uint64_t revision() const { return revision_; }
  WatchPrinter& printer() { return printer_; }

 private:
  void BeginSnapshot() {
    StartAt(0, "");
    in_snapshot_ = true;
    snapshot_.clear();
  }

  // A record of the snapshot may be younger than transitions that follow it,
  // until the snapshot is done: those are in the record already.
  bool IsNews(const v1::Transition& transition) {
    if (!in_snapshot_) return true;
    std::uint64_t& known = snapshot_[transition.client_id()];
    if (transition.revision() <= known) return false;
    known = transition.revision();
    if (transition.to_state() == v1::STATE_FORGOTTEN) snapshot_.erase(transition.client_id());
    return true;
  }

  const std::string filter_;
  WatchPrinter printer_;
  std::uint64_t revision_ = 0;  // all up to here was told; 0: a snapshot is needed
  std::string history_id_;
  bool in_snapshot_ = true;
  bool muted_ = false;
  std::unordered_map<std::string, std::uint64_t> snapshot_;  // id -> revision told, while in_snapshot_
};

// No later try can end otherwise.
bool IsFinal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kUnimplemented: return true;
    default: return false;
  }
}

// Where the registry stands, so that a watch can begin there.
absl::Status StartNow(Api& api, Follower& follower) {
  v1::ListTransitionsRequest request;
  request.set_page_size(1);
  const auto page = api.ListTransitions(request);
  if (!page.ok()) return page.status();
  // Revision 0 asks for a snapshot; mute it.
  if (page->revision() == 0) follower.MuteSnapshot();
  follower.StartAt(page->revision(), page->history_id());
  return absl::OkStatus();
}

}  // namespace

ExitCode RunWatch(Api& api, const GlobalSettings& global, const WatchSettings& settings, Terminal& terminal) {
  StopFlag stop;
  const StopWatcher stop_watcher([&] {
    stop.Set();
    api.CancelWatch();
  });
  Follower follower(settings, global.output, terminal);
  if (settings.start_revision.has_value()) follower.StartAt(*settings.start_revision, settings.history_id);
  bool started = !settings.since_now;
  bool connected_before = false;
  std::size_t attempts = 0;  // before the first connection
  std::optional<common::MonoTime> lost_at;
  common::Backoff backoff({}, common::RandomUniform);
  while (!stop.IsSet()) {
    absl::Status status;
    std::string server = api.server();
    if (!started) {
      status = StartNow(api, follower);
      started = status.ok();
    }
    if (started) {
      follower.BeginStream();
      server = api.server();
      bool first = true;
      status = api.Watch(follower.Request(), kSilenceLimit, [&](const v1::WatchClientsResponse& response) {
        if (first && lost_at.has_value()) {
          follower.printer().Resumed(server, terminal.clock.Mono() - *lost_at, follower.revision());
          lost_at.reset();
        }
        first = false;
        connected_before = true;
        backoff.Succeeded();
        follower.Take(response);
        if (!terminal.out) {
          stop.Set();  // nobody reads any more
          api.CancelWatch();
        }
      });
    }
    if (stop.IsSet()) break;
    if (connected_before && absl::IsOutOfRange(status)) {
      follower.Forget(": the server's history is behind what it told before");
      continue;
    }
    const bool all_tried = ++attempts >= global.servers.size();
    if (IsFinal(status) || (!connected_before && all_tried && !settings.wait)) {
      return Fail(ExitCodeOf(status), ErrorText(status, server), terminal);
    }
    if (connected_before && !lost_at.has_value()) {
      lost_at = terminal.clock.Mono();
      follower.printer().Disconnected(ErrorText(status, server), follower.revision());
    }
    if (stop.AwaitFor(backoff.Next(), terminal.clock)) break;
  }
  return ExitCode::kOk;
}

}  // namespace liveness::cli
