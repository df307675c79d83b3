// `livenessctl doctor [TARGET]`: can it be reached, through what, and which timeout is safe on the way?
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/doctor/examination.h"
#include "client/cli/doctor/findings.h"
#include "client/cli/doctor/report.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/message.h"
#include "client/cli/process/stop_flag.h"
#include "client/cli/process/stop_signal.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {
namespace {

// What is being done, on a line of its own that is gone when there is something to read. Only on a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(Terminal& terminal)
      : err_(terminal.err), shows_(isatty(STDERR_FILENO) == 1 && terminal.color) {}
  ~ProgressLine() {
    if (shows_) err_ << "\r\x1b[K" << std::flush;
  }
  void Tell(const std::string& step) {
    if (shows_) err_ << "\r\x1b[K" << Printable(step) << " ..." << std::flush;
  }

 private:
  std::ostream& err_;
  const bool shows_;
};

}  // namespace

Verb AddDoctor(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<DoctorSettings>();
  CLI::App& doctor = AddVerb(
      program, "doctor", "Find out whether a server can be reached, through what, and which timeout is safe",
      "  livenessctl doctor db-1:7700\n"
      "  livenessctl doctor db-1:7700 --for=1m --mistake-recurrence=365d\n"
      "  livenessctl doctor db-1:7700 -o json | jq .figures.rtt_p99_ms\n"
      "\n"
      "It beats for a while as a client of its own, with the label liveness.doctor=true, and says\n"
      "goodbye: what stays is a client that has left. It ends with 0 if it found no problem, 1 if it\n"
      "did, 4 if there was no connection. Each step takes --timeout at most.\n");
  doctor.add_option("TARGET", settings->target, "HOST:PORT or unix:PATH; default: the first --server")
      ->check(CLI::Validator(CheckServer, "", "server"));
  AddDuration(
      doctor, "--for", [settings](common::Duration d) { settings->beat_for = d; },
      "How long it beats; default 10s");
  AddDuration(
      doctor, "--mistake-recurrence", [settings](common::Duration d) { settings->mistake_recurrence = d; },
      "The timeout is to be wrong at most once in this; default 30d");
  doctor.add_option("--id", settings->id, "Id of its client; default doctor- and random digits");
  return {&doctor, [settings](const GlobalSettings& global, Words words) -> Taken {
            if (!settings->target.empty()) words.insert(words.begin(), settings->target);
            if (words.size() > 1) return "unexpected argument: " + words[1];
            settings->target = words.empty() ? global.servers.front() : words[0];
            for (const common::Duration span : {settings->beat_for, settings->mistake_recurrence}) {
              if (span <= common::Duration::zero())
                return std::string("--for and --mistake-recurrence must be longer than zero");
            }
            if (global.output == OutputFormat::kName) return std::string("the doctor has no -o name");
            return *settings;
          }};
}

ExitCode RunVerb(const DoctorSettings& settings, Context& context) {
  // Before gRPC makes its threads, because a thread that does not block a signal would take it.
  BlockSignals(NotIgnored(StopSignals()));
  signal(SIGPIPE, SIG_IGN);
  Terminal& terminal = context.terminal;
  StopFlag stop;
  const StopWatcher stop_watcher([&stop] { stop.Set(); });
  absl::StatusOr<doctor::Facts> facts;
  {
    ProgressLine progress(terminal);
    facts = doctor::Examine(settings.target, context.global, settings, stop, terminal.clock,
                            [&progress](const std::string& step) { progress.Tell(step); });
  }
  if (!facts.ok()) return Fail(ExitCode::kUsage, std::string(facts.status().message()), terminal);
  const std::vector<doctor::Finding> findings = doctor::FindingsOf(*facts);
  terminal.out << (IsDocument(context.global.output) ? doctor::ReportJson(*facts, findings)
                                                     : doctor::ReportText(*facts, findings, terminal.color))
               << std::flush;
  return doctor::ExitCodeOf(*facts, findings);
}

}  // namespace liveness::cli
