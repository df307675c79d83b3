// `livenessctl watch`: who is there, then each change as it happens.
//
// A watch that loses its server goes on by itself from the revision up to which it has told
// everything. It says when it was away, and whether something is missing.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/reader_watcher.h"
#include "client/cli/print/watch_printer.h"
#include "client/cli/process/command_queue.h"
#include "client/cli/process/stop_signal.h"
#include "client/cli/verbs/exec_sink.h"
#include "client/cli/verbs/verbs.h"
#include "client/cli/verbs/watch_follower.h"
#include "client/cli/verbs/watch_loop.h"
#include "common/flags/numbers.h"

namespace liveness::cli {
namespace {

// Tells `first` and then `second`, which may be null.
class BothSinks : public WatchSink {
 public:
  BothSinks(WatchSink& first, WatchSink* second) : first_(first), second_(second) {}

  void Client(const v1::Client& client) override { first_.Client(client); }
  void SnapshotDone(std::uint64_t clients, std::uint64_t revision, const std::string& history_id) override {
    first_.SnapshotDone(clients, revision, history_id);
  }
  void Transition(const v1::Transition& transition) override {
    first_.Transition(transition);
    if (second_ != nullptr) second_->Transition(transition);
  }
  void Group(const v1::GroupEvent& group) override {
    first_.Group(group);
    if (second_ != nullptr) second_->Group(group);
  }
  void Gap(std::uint64_t after_revision, std::uint64_t resumes_at_revision, std::string_view why) override {
    first_.Gap(after_revision, resumes_at_revision, why);
    if (second_ != nullptr) second_->Gap(after_revision, resumes_at_revision, why);
  }
  void Disconnected(const std::string& why, std::uint64_t revision) override {
    first_.Disconnected(why, revision);
  }
  void Resumed(const std::string& server, common::Duration away, std::uint64_t revision) override {
    first_.Resumed(server, away, revision);
  }

 private:
  WatchSink& first_;
  WatchSink* const second_;
};

// What a command inherits: our environment, and which servers are watched and how.
std::vector<std::string> Inherited(const GlobalSettings& global) {
  const std::vector<std::pair<const char*, std::string>> ours = {
      {"LIVENESS_SERVER", absl::StrJoin(global.servers, ",")},
      {"LIVENESS_TOKEN_FILE", global.token_file},
      {"LIVENESS_TLS_CA", global.tls.ca_file},
      {"LIVENESS_TLS_CERT", global.tls.cert_file},
      {"LIVENESS_TLS_KEY", global.tls.key_file},
      {"LIVENESS_TLS_SERVER_NAME", global.tls.server_name}};
  for (const auto& [name, value] : ours) {
    if (!value.empty()) setenv(name, value.c_str(), 1);
  }
  std::vector<std::string> inherited;
  for (char** each = environ; *each != nullptr; ++each) inherited.emplace_back(*each);
  return inherited;
}

void AddExec(CLI::App& watch, WatchSettings& settings) {
  CLI::Option* const exec =
      watch
          .add_option(
              "--exec", settings.exec,
              "Run this by sh -c for each change, not for the snapshot: LIVENESS_EVENT,\n"
              "_CLIENT_ID, _STATE, _FROM_STATE, _CAUSE and more in its environment, JSON on its stdin")
          ->type_name("COMMAND");
  watch
      .add_option("--exec-parallel", settings.exec_parallel,
                  "How many at a time, those of one client one after the other; default 1")
      ->type_name("COUNT")
      ->check(common::CountBetween(1, 100).description(""))
      ->needs(exec);
  AddDuration(
      watch, "--exec-timeout", [&settings](common::Duration d) { settings.exec_timeout = d; },
      "End a command that takes longer; default 1m")
      ->needs(exec);
}

}  // namespace

Verb AddWatch(CLI::App& program, GlobalSettings& global) {
  const auto settings = std::make_shared<WatchSettings>();
  CLI::App& watch = AddVerb(program, "watch", "Follow clients: who is there, then each change as it happens",
                            "  livenessctl watch\n"
                            "  livenessctl watch --since-now -o json | jq -c 'select(.transition)'\n"
                            "  livenessctl watch --since-now --filter='state = DEAD' --exec=./page-me\n");
  AddFilter(watch, settings->filter);
  watch
      .add_option("--start-revision", settings->start_revision,
                  "No snapshot, but what happened after this revision")
      ->check(common::AnyCount());
  watch.add_option("--history-id", settings->history_id, "The history that --start-revision belongs to");
  watch.add_flag("--since-now", settings->since_now, "No snapshot, only what happens from now on")
      ->excludes("--start-revision");
  watch.add_flag("--wait", settings->wait, "Wait for the first connection, too, for as long as it takes");
  AddExec(watch, *settings);
  AddNull(watch, global);
  return {&watch, [settings](const GlobalSettings& /*global*/, const Words& words) -> Taken {
            if (settings->exec_timeout <= common::Duration::zero()) {
              return std::string("--exec-timeout must be longer than zero");
            }
            return TakeNoWords(*settings, words);
          }};
}

ExitCode RunVerb(const WatchSettings& settings, Context& context) {
  signal(SIGCHLD, SIG_DFL);  // if it was inherited as ignored, no command's end would be told
  // Before gRPC makes its threads, because a thread that does not block a signal would take it.
  const sigset_t mask_before = BlockSignals(NotIgnored(StopSignals()));
  // If the reader of our lines goes away, the watch ends like one that was told to, and not by SIGPIPE.
  signal(SIGPIPE, SIG_IGN);
  const GlobalSettings& global = context.global;
  Terminal& terminal = context.terminal;
  std::optional<CommandQueue> queue;
  std::optional<ExecSink> exec;
  if (!settings.exec.empty()) {
    queue.emplace(settings.exec_parallel, settings.exec_timeout, mask_before,
                  [&terminal](const CommandQueue::Job& job, const std::string& how) {
                    terminal.err << absl::StrCat("livenessctl: the command for ", job.what, " ", how, "\n")
                                 << std::flush;
                  });
    exec.emplace(settings.exec, Inherited(global), *queue);
  }
  WatchPrinter printer(global, terminal);
  BothSinks sinks(printer, exec ? &*exec : nullptr);
  WatchFollower follower(settings.filter, sinks);
  if (settings.start_revision.has_value()) follower.StartAt(*settings.start_revision, settings.history_id);
  WatchLoop loop(*context.api, global, terminal.clock, follower, sinks);
  const auto end = [&] {
    if (queue) queue->Interrupt();
    loop.Stop();
  };
  absl::Status status;
  {
    const StopWatcher stop_watcher(end);
    const ReaderWatcher reader_watcher(end);
    status = loop.Run({.since_now = settings.since_now, .keep_trying = settings.wait, .after_message = [&] {
                         if (!terminal.out) end();
                       }});
  }
  if (const std::size_t unrun = queue ? queue->Stop() : 0; unrun > 0) {
    terminal.err << "livenessctl: the command was not run for "
                 << CountText(static_cast<std::int64_t>(unrun), "change") << " more\n";
  }
  if (!status.ok()) return Fail(ExitCodeOf(status), ErrorText(status, loop.server(), global.tls), terminal);
  return ExitCode::kOk;
}

}  // namespace liveness::cli
