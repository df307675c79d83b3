// `livenessctl watch`: who is there, then each change as it happens.
//
// A watch that loses its server goes on by itself from the revision up to which it has told
// everything. It says when it was away, and whether something is missing.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/reader_watcher.h"
#include "client/cli/process/stop_flag.h"
#include "client/cli/process/stop_signal.h"
#include "client/cli/verbs/verbs.h"
#include "client/cli/verbs/watch_follower.h"
#include "common/backoff.h"
#include "common/random.h"

namespace liveness::cli {
namespace {

// The server promises a message every 5 s.
constexpr common::Duration kSilenceLimit = std::chrono::seconds(16);

// True if every later try would end the same.
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

// Has `follower` begin where the registry stands now.
absl::Status StartNow(Api& api, WatchFollower& follower) {
  v1::ListTransitionsRequest request;
  request.set_page_size(1);
  const auto page = api.ListTransitions(request);
  if (!page.ok()) return page.status();
  // To start at revision 0 is to ask for a snapshot, which nobody wants to see here.
  if (page->revision() == 0) follower.MuteSnapshot();
  follower.StartAt(page->revision(), page->history_id());
  return absl::OkStatus();
}

}  // namespace

Verb AddWatch(CLI::App& program, GlobalSettings& global) {
  const auto settings = std::make_shared<WatchSettings>();
  CLI::App& watch = AddVerb(program, "watch", "Follow clients: who is there, then each change as it happens",
                            "  livenessctl watch\n"
                            "  livenessctl watch --since-now -o json | jq -c 'select(.transition)'\n");
  AddFilter(watch, settings->filter);
  watch.add_option("--start-revision", settings->start_revision,
                   "No snapshot, but what happened after this revision");
  watch.add_option("--history-id", settings->history_id, "The history that --start-revision belongs to");
  watch.add_flag("--since-now", settings->since_now, "No snapshot, only what happens from now on")
      ->excludes("--start-revision");
  watch.add_flag("--wait", settings->wait, "Wait for the first connection, too, for as long as it takes");
  AddNull(watch, global);
  return {&watch, [settings](const GlobalSettings& /*global*/, const Words& words) {
            return TakeNoWords(*settings, words);
          }};
}

ExitCode RunVerb(const WatchSettings& settings, Context& context) {
  // Before gRPC makes its threads, because a thread that does not block a signal would take it.
  BlockSignals(NotIgnored(StopSignals()));
  Api& api = *context.api;
  const GlobalSettings& global = context.global;
  Terminal& terminal = context.terminal;
  StopFlag stop;
  const auto end = [&] {
    stop.Set();
    api.CancelWatch();
  };
  // If the reader of our lines goes away, the watch ends like one that was told to, and not by SIGPIPE.
  signal(SIGPIPE, SIG_IGN);
  const StopWatcher stop_watcher(end);
  const ReaderWatcher reader_watcher(end);
  WatchFollower follower(settings.filter, global, terminal);
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
        if (!terminal.out) end();
      });
    }
    if (stop.IsSet()) break;
    const bool behind = connected_before && absl::IsOutOfRange(status);
    if (behind && follower.IsBehindForGood(terminal.clock.Mono())) {
      follower.Forget(": no server knows of what was told before");
      continue;
    }
    const bool all_tried = ++attempts >= global.servers.size();
    if ((IsFinal(status) && !behind) || (!connected_before && all_tried && !settings.wait)) {
      return Fail(ExitCodeOf(status), ErrorText(status, server, global.tls), terminal);
    }
    if (connected_before && !lost_at.has_value()) {
      lost_at = terminal.clock.Mono();
      follower.printer().Disconnected(ErrorText(status, server, global.tls), follower.revision());
    }
    if (stop.AwaitFor(backoff.Next(), terminal.clock)) break;
  }
  return ExitCode::kOk;
}

}  // namespace liveness::cli
