// Many clients, in as many processes as wanted, for the fault lab to hurt.
//
//   fault_fleet --server=HOST:PORT --board=FILE --prefix=kill- --count=200 --processes=200
//               [--kind=library|raw] [--interval=200ms] [--timeout=600ms] [--tick=20ms]
//               [--churn=N] [--phi=LEVEL] [--label=KEY=VALUE] [--log=FILE]
//
// Library members take several servers, --server=HOST:PORT,HOST:PORT, and append to the log a line for each
// change of their state: {"t": NANOS, "client_id": ..., "state": "LIVE", "incarnation": ..., "reason": ...}.
//
// Member N is called PREFIX N and keeps slot N of the board (status_board.h). The
// processes are forked before gRPC runs and never exec, so that they share what
// they can. A process leaves in good order at SIGTERM, cancels its streams at
// SIGUSR1 and half-closes them at SIGUSR2. All end with the first one, which ends
// when its stdin does.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/duration_text.h"
#include "tests/fault/member.h"

namespace liveness::fault {
namespace {

struct Settings {
  MemberOptions member;
  std::string board;
  std::string prefix = "member-";
  std::string kind = "library";
  std::size_t count = 1;
  std::size_t processes = 1;
  std::chrono::nanoseconds tick = std::chrono::milliseconds(20);
  double churn = 0;  // label changes a second, of each member
};

std::chrono::nanoseconds Parse(const std::string& text) {
  const auto parsed = common::ParseDuration(text);
  if (!parsed.ok()) throw CLI::ValidationError(text, std::string(parsed.status().message()));
  return *parsed;
}

sigset_t OurSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) sigaddset(&set, signal);
  return set;
}

// The life of one process: members `begin` to `end`.
[[noreturn]] void Serve(const Settings& settings, Slot* slots, std::size_t begin, std::size_t end) {
  std::vector<std::unique_ptr<Member>> members;
  for (std::size_t i = begin; i < end; ++i) {
    MemberOptions options = settings.member;
    options.client_id = settings.prefix + std::to_string(i);
    slots[i].pid.store(getpid());
    members.push_back(settings.kind == "raw" ? NewRawMember(std::move(options), slots[i])
                                             : NewLibraryMember(std::move(options), slots[i]));
  }
  const sigset_t signals = OurSignals();
  const timespec tick{settings.tick.count() / 1'000'000'000, settings.tick.count() % 1'000'000'000};
  const std::int64_t churn_span = settings.churn > 0 ? static_cast<std::int64_t>(1e9 / settings.churn) : 0;
  std::int64_t churn_at = MonoNanos();
  std::uint64_t churned = 0;
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &tick);
    for (const auto& member : members) {
      member->Tick();
      if (signal == SIGUSR1) member->Cancel();
      if (signal == SIGUSR2) member->HalfClose();
      if (signal == SIGTERM) member->Goodbye();
    }
    if (signal == SIGTERM) std::_Exit(0);
    for (; churn_span > 0 && churn_at <= MonoNanos(); churn_at += churn_span) {
      ++churned;
      for (const auto& member : members) member->Churn(churned);
    }
  }
}

int Run(const Settings& settings) {
  Slot* slots = MapBoard(settings.board, settings.count);
  const sigset_t signals = OurSignals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const pid_t parent = getpid();
  std::vector<pid_t> children;
  for (std::size_t i = 0; i < settings.processes; ++i) {
    const std::size_t begin = settings.count * i / settings.processes;
    const std::size_t end = settings.count * (i + 1) / settings.processes;
    const pid_t child = fork();
    if (child < 0) {
      std::perror("fork");
      break;
    }
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) std::_Exit(1);
      close(STDIN_FILENO);
      Serve(settings, slots, begin, end);
    }
    children.push_back(child);
  }
  std::printf("{\"started\": %zu}\n", children.size());
  std::fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  // A child that has been waited for is gone, and its pid may be another's: none was.
  for (const pid_t child : children) kill(child, SIGKILL);
  for (const pid_t child : children) waitpid(child, nullptr, 0);
  return children.size() == settings.processes ? 0 : 1;
}

}  // namespace
}  // namespace liveness::fault

int main(int argc, char** argv) {
  using liveness::fault::Parse;
  liveness::fault::Settings settings;
  std::string interval = "200ms", timeout = "600ms", tick = "20ms";
  std::vector<std::string> labels;
  CLI::App app("Many clients, for the fault lab to hurt", "fault_fleet");
  app.add_option("--server", settings.member.target)->required();
  app.add_option("--board", settings.board)->required();
  app.add_option("--prefix", settings.prefix);
  app.add_option("--kind", settings.kind)->check(CLI::IsMember({"library", "raw"}));
  app.add_option("--count", settings.count);
  app.add_option("--processes", settings.processes);
  app.add_option("--interval", interval);
  app.add_option("--timeout", timeout);
  app.add_option("--tick", tick);
  app.add_option("--churn", settings.churn);
  app.add_option("--phi", settings.member.phi);
  app.add_option("--label", labels);
  app.add_option("--log", settings.member.log);
  try {
    app.parse(argc, argv);
    settings.member.interval = Parse(interval);
    settings.member.timeout = Parse(timeout);
    settings.tick = Parse(tick);
    for (const std::string& label : labels) {
      const auto equals = label.find('=');
      settings.member.labels[label.substr(0, equals)] =
          equals == std::string::npos ? "" : label.substr(equals + 1);
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return liveness::fault::Run(settings);
}
