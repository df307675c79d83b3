#include "client/cli/process/stop_signal.h"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <utility>

namespace liveness::cli {
namespace {

sigset_t SetOf(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : signals) sigaddset(&set, number);
  return set;
}

}  // namespace

const std::vector<int>& StopSignals() {
  static const std::vector<int> signals = {SIGINT, SIGTERM, SIGHUP};
  return signals;
}

const std::vector<int>& ForwardedSignals() {
  static const std::vector<int> signals = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                           SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};
  return signals;
}

int WakeSignal() { return SIGRTMIN; }

std::vector<int> NotIgnored(const std::vector<int>& signals) {
  std::vector<int> kept;
  for (const int number : signals) {
    struct sigaction action {};
    if (sigaction(number, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) kept.push_back(number);
  }
  return kept;
}

sigset_t BlockSignals(const std::vector<int>& signals) {
  const sigset_t set = SetOf(signals);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &set, &before);
  return before;
}

std::optional<Signal> AwaitSignal(const std::vector<int>& signals, std::optional<common::Duration> limit) {
  const sigset_t set = SetOf(signals);
  for (;;) {
    siginfo_t info{};
    int number = 0;
    if (limit.has_value()) {
      const timespec span = {static_cast<time_t>(limit->count() / 1'000'000'000),
                             limit->count() % 1'000'000'000};
      number = sigtimedwait(&set, &info, &span);
    } else {
      number = sigwaitinfo(&set, &info);
    }
    if (number > 0) return Signal{number, info.si_code > 0, info.si_pid};
    if (errno == EAGAIN) return std::nullopt;
  }
}

StopWatcher::StopWatcher(std::function<void()> on_stop) {
  std::vector<int> signals = NotIgnored(StopSignals());
  signals.push_back(WakeSignal());
  BlockSignals({WakeSignal()});
  thread_ = std::thread([on_stop = std::move(on_stop), signals = std::move(signals)] {
    const std::optional<Signal> got = AwaitSignal(signals);
    if (got.has_value() && got->number != WakeSignal()) on_stop();
  });
}

StopWatcher::~StopWatcher() {
  pthread_kill(thread_.native_handle(), WakeSignal());
  thread_.join();
}

}  // namespace liveness::cli
