// `livenessctl wait NAME --for=STATE`: returns when a client is so, at once if it is so already.
#include <CLI/CLI.hpp>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/watch_printer.h"
#include "client/cli/process/stop_signal.h"
#include "client/cli/verbs/verbs.h"
#include "client/cli/verbs/wait_sink.h"
#include "client/cli/verbs/watch_follower.h"
#include "client/cli/verbs/watch_loop.h"
#include "common/duration_text.h"

namespace liveness::cli {
namespace {

using For = WaitSettings::For;

const std::map<std::string, For>& ForByName() {
  static const std::map<std::string, For> names = {
      {"alive", For::kAlive}, {"dead", For::kDead}, {"left", For::kLeft}, {"gone", For::kGone}};
  return names;
}

std::string NameOf(For what) {
  for (const auto& [name, value] : ForByName()) {
    if (value == what) return name;
  }
  return {};
}

// Tells on stderr, once each, that no server is there: whoever waits wants to know why.
class Waiting : public WaitSink {
 public:
  Waiting(const WaitSettings& settings, WatchSink& printer, Terminal& terminal,
          std::function<void()> on_outcome)
      : WaitSink(ClientId(settings.name), settings.what, printer, std::move(on_outcome)),
        terminal_(terminal) {}

  void NotYet(const std::string& why) override { Say(why); }
  void Disconnected(const std::string& why, std::uint64_t /*revision*/) override { Say(why); }
  const std::string& last_failure() const { return said_; }

 private:
  void Say(const std::string& why) {
    if (why != said_) terminal_.err << "livenessctl: " << why << "; it is tried again" << std::endl;
    said_ = why;
  }

  Terminal& terminal_;
  std::string said_;
};

std::string SeenText(const Waiting& waiting) {
  return waiting.seen() == v1::STATE_UNSPECIFIED ? "not known" : StateText(waiting.seen());
}

}  // namespace

Verb AddWait(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<WaitSettings>();
  CLI::App& wait = AddVerb(program, "wait", "Return when a client is alive, dead, or has left",
                           "  livenessctl wait db-1 --for=alive && ./migrate\n"
                           "  livenessctl wait web-1 --for=gone --within=30s || livenessctl evict web-1\n"
                           "\n"
                           "gone is dead or left. Who is not known is waited for with --for=alive, and else\n"
                           "an error (3). It reconnects by itself, and misses no death that came and went\n"
                           "meanwhile. Code 6 if --within passes, 4 if no server was reached until then.\n");
  wait.add_option("NAME", settings->name, "Client id, or clients/ID");
  wait.add_option(
          "--for",
          [settings](const CLI::results_t& texts) {
            const auto found = ForByName().find(texts.back());
            settings->is_given = found != ForByName().end();
            if (settings->is_given) settings->what = found->second;
            return settings->is_given;
          },
          "What is waited for")
      ->type_name("alive|dead|left|gone")
      ->check(CLI::IsMember({"alive", "dead", "left", "gone"}).description(""));
  AddDuration(
      wait, "--within", [settings](common::Duration d) { settings->within = d; },
      "How long to wait; default: for as long as it takes");
  return {&wait, [settings](const GlobalSettings& /*global*/, Words words) -> Taken {
            if (!settings->name.empty()) words.insert(words.begin(), settings->name);
            if (words.size() > 1) return "unexpected argument: " + words[1];
            if (words.empty()) return std::string("wait needs a NAME; livenessctl list shows them");
            if (!settings->is_given)
              return std::string("wait for what? Give --for=alive, dead, left or gone");
            if (settings->within && *settings->within <= common::Duration::zero()) {
              return std::string("--within must be longer than zero");
            }
            settings->name = words[0];
            return *settings;
          }};
}

ExitCode RunVerb(const WaitSettings& settings, Context& context) {
  // Before gRPC makes its threads, because a thread that does not block a signal would take it.
  BlockSignals(NotIgnored(StopSignals()));
  const GlobalSettings& global = context.global;
  Terminal& terminal = context.terminal;
  WatchPrinter printer(global, terminal);
  WatchLoop* running = nullptr;
  Waiting waiting(settings, printer, terminal, [&running] { running->Stop(); });
  WatchFollower follower(absl::StrCat("client_id = ", FilterString(ClientId(settings.name))), waiting);
  WatchLoop loop(*context.api, global, terminal.clock, follower, waiting);
  running = &loop;
  const StopWatcher stop_watcher([&] { loop.Stop(); });
  std::atomic<bool> too_late = false;
  std::thread limit;
  if (settings.within) {
    limit = std::thread([&] {
      if (loop.AwaitStop(*settings.within)) return;
      too_late = true;
      loop.Stop();
    });
  }
  const absl::Status status = loop.Run({.keep_trying = true});
  loop.Stop();
  if (limit.joinable()) limit.join();

  if (waiting.outcome() == WaitSink::Outcome::kUnknownClient) return FailNotFound(settings.name, context);
  if (waiting.outcome() == WaitSink::Outcome::kMet) {
    if (waiting.unseen_end()) {
      terminal.err
          << "livenessctl: history was lost; the session before this one has ended, nobody knows how\n";
    }
    return ExitCode::kOk;
  }
  if (!status.ok()) return Fail(ExitCodeOf(status), ErrorText(status, loop.server(), global.tls), terminal);
  if (!too_late) return Fail(ExitCode::kError, "told to stop before it was so", terminal);
  if (!loop.connected()) {
    return Fail(ExitCode::kUnavailable,
                absl::StrCat("no server was reached within ", common::FormatDuration(*settings.within)),
                terminal);
  }
  return Fail(ExitCode::kTimeout,
              absl::StrCat(NameText(ClientId(settings.name)), " was not ", NameOf(settings.what), " within ",
                           common::FormatDuration(*settings.within), ": it is ", SeenText(waiting)),
              terminal);
}

}  // namespace liveness::cli
