// `livenessctl beat [-- COMMAND]`: a client from the shell.
//
// The main thread waits for signals; the library's thread beats and reports.
// A command is started first, before any connection exists that it could inherit.
// The process that starts it keeps it from outliving us (process/keeper.h).
#include <liveness/client.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/print/beat_report.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/process/child.h"
#include "client/cli/process/stop_signal.h"
#include "client/cli/verbs/verbs.h"
#include "common/limits.h"
#include "common/utf8.h"

namespace liveness::cli {
namespace {

constexpr std::chrono::milliseconds kGoodbyeTimeout{2'000};

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

std::string DefaultId(const std::vector<std::string>& command) {
  std::string id = HostName();
  if (!command.empty()) id += "/" + command[0].substr(command[0].rfind('/') + 1);
  id.resize(std::min(id.size(), common::kMaxIdBytes));
  while (!common::IsValidUtf8(id)) id.pop_back();  // the rest of a character that was cut through
  return id;
}

// Sets what the server is asked to do about silence, besides interval and timeout.
void SetDetection(const BeatSettings& settings, ClientOptions& options) {
  if (settings.found_within && settings.mistake_recurrence) {
    options.quality = Quality{*settings.found_within, *settings.mistake_recurrence};
  }
  if (settings.detection.empty()) return;
  options.detection = Detection{
      .method = settings.detection == "accrual" ? Detection::Method::kAccrual : Detection::Method::kFixed,
      .threshold = settings.detection_threshold.value_or(0)};
}

ClientOptions MakeOptions(const GlobalSettings& global, const BeatSettings& settings, const std::string& id) {
  ClientOptions options;
  options.targets = global.servers;
  options.client_id = id;
  options.instance_id = settings.instance_id;
  options.labels = settings.labels;
  if (settings.keepalive_preset == "standard") options.preset = Preset::kStandard;
  if (settings.keepalive_preset == "strict") options.preset = Preset::kStrict;
  options.interval = settings.interval;
  options.timeout = settings.timeout;
  SetDetection(settings, options);
  options.host = settings.host;
  options.version = settings.version_label;
  options.last_will = settings.last_will;
  options.goodbye_timeout = kGoodbyeTimeout;
  options.http_proxy = global.http_proxy;
  options.token_file = global.token_file;
  if (global.tls.enabled) {
    options.tls = Tls{.ca_file = global.tls.ca_file,
                      .cert_file = global.tls.cert_file,
                      .key_file = global.tls.key_file,
                      .server_name = global.tls.server_name};
  }
  return options;
}

// True if the command ended as the signal `asked` for: by this signal, or with the code
// that shells and their like make of it.
bool EndedAsAsked(const ProcessEnd& end, const std::optional<int>& asked) {
  return asked.has_value() &&
         (end.signal == asked || end.exit_code == static_cast<int>(ExitCode::kSignalBase) + *asked);
}

// How a command's end is told to the server. A command that stopped when it was `asked` to
// has left. Any other failure is a death.
std::pair<std::string, ExitStatus> GoodbyeOf(const ProcessEnd& end, const std::optional<int>& asked) {
  if (EndedAsAsked(end, asked)) return {absl::StrCat("stopped by SIG", sigabbrev_np(*asked)), {}};
  if (end.signal.has_value()) {
    const char* name = sigabbrev_np(*end.signal);
    return {absl::StrCat("killed by signal ", *end.signal,
                         name != nullptr ? absl::StrCat(" (SIG", name, ")") : ""),
            {.signal = end.signal}};
  }
  return {absl::StrCat("exited with code ", *end.exit_code), {.exit_code = end.exit_code}};
}

// Waits for a command's end. Used where no client could be started. REQUIRES: SIGCHLD is blocked.
ProcessEnd AwaitEnd(Child& child) {
  for (;;) {
    if (const auto end = child.Poll()) return *end;
    AwaitSignal({SIGCHLD}, std::chrono::seconds(1));
  }
}

// Beats until a stop signal, or until the server refuses this client for good.
ExitCode BeatAlone(ClientInterface& client, const std::vector<int>& signals, BeatReport& report) {
  for (;;) {
    const std::optional<Signal> signal = AwaitSignal(signals);
    ReapChildren();
    if (const auto final = report.Final()) return *final;
    if (!signal.has_value() || signal->number == WakeSignal() || signal->number == SIGCHLD) continue;
    if (!client.Goodbye(absl::StrCat("stopped by SIG", sigabbrev_np(signal->number))))
      report.GoodbyeUnheard(client.incarnation() != 0);
    return ExitCode::kOk;
  }
}

// Beats as long as `child` runs, and passes signals on to it.
ExitCode BeatWith(Child& child, ClientInterface& client, const std::vector<int>& signals,
                  bool stop_when_fenced, BeatReport& report) {
  std::optional<int> asked_to_stop;
  bool fenced = false;
  for (;;) {
    if (const auto end = child.Poll()) {
      const auto [reason, status] = GoodbyeOf(*end, asked_to_stop);
      if (!fenced && !client.Goodbye(reason, status)) report.GoodbyeUnheard(client.incarnation() != 0);
      const auto final = report.Final();
      return fenced && stop_when_fenced && final.has_value() ? *final
                                                             : static_cast<ExitCode>(ShellCode(*end));
    }
    const std::optional<Signal> signal = AwaitSignal(signals);
    if (!signal.has_value() || signal->number == SIGCHLD) continue;
    if (signal->number == WakeSignal()) {
      if (fenced || !report.Final().has_value()) continue;
      fenced = true;
      if (stop_when_fenced) child.EndAll();
      report.Fenced(stop_when_fenced);
      continue;
    }
    const std::vector<int>& stops = StopSignals();
    if (std::find(stops.begin(), stops.end(), signal->number) != stops.end()) asked_to_stop = signal->number;
    child.Forward(*signal);
    // A terminal pauses this process, as a job that was moved to the foreground. The command, which was sent
    // the signal above, pauses with it.
    if (signal->number == SIGTSTP) raise(SIGSTOP);
  }
}

}  // namespace

ExitCode RunVerb(const BeatSettings& settings, Context& context) {
  const GlobalSettings& global = context.global;
  Terminal& terminal = context.terminal;
  signal(SIGCHLD, SIG_DFL);  // if it was inherited as ignored, no child's end would be told
  std::vector<int> signals = NotIgnored(settings.command.empty() ? StopSignals() : ForwardedSignals());
  signals.push_back(SIGCHLD);
  signals.push_back(WakeSignal());
  const sigset_t mask_before = BlockSignals(signals);

  Child child;
  if (!settings.command.empty()) {
    if (const auto error = Child::Start(settings.command, mask_before, child)) {
      return Fail(*error == ENOENT ? ExitCode::kNoCommand : ExitCode::kCannotRun,
                  absl::StrCat("cannot run ", settings.command[0], ": ", strerror(*error)), terminal);
    }
  }
  // A command in a group of its own does not get the terminal's SIGTSTP, so that it is passed on. In a group
  // that it shares with us the kernel pauses both.
  if (child.own_group()) {
    for (const int number : NotIgnored({SIGTSTP})) signals.push_back(number);
    BlockSignals(signals);
  }
  signal(SIGPIPE, SIG_IGN);  // the beat goes on if the reader of its lines goes away
  const std::string id = settings.id.empty() ? DefaultId(settings.command) : ClientId(settings.id);
  // Standard output is the command's, if there is one.
  BeatReport report(id, settings.command.empty() ? terminal.out : terminal.err, terminal.err, settings.quiet,
                    terminal.clock);
  ClientOptions options = MakeOptions(global, settings, id);
  if (!settings.command.empty()) options.pid = child.pid();
  const pthread_t main_thread = pthread_self();
  options.on_state = [&report, &global, main_thread](StateChange change) {
    if (change.reason == "CONNECT_FAILED") change.message = ConnectionFailure(change.message, global.tls);
    if (report.Take(change)) pthread_kill(main_thread, WakeSignal());
  };
  auto client = Client::Start(std::move(options));
  if (!client) {
    Fail(ExitCode::kUsage, client.error().message, terminal);
    if (!settings.command.empty()) {
      child.EndAll();
      AwaitEnd(child);
    }
    return ExitCode::kUsage;
  }
  return settings.command.empty() ? BeatAlone(**client, signals, report)
                                  : BeatWith(child, **client, signals, settings.stop_when_fenced, report);
}

}  // namespace liveness::cli
