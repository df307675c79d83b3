#include "client/cli/process/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "client/cli/process/descendants.h"
#include "common/clock.h"

namespace liveness::cli {
namespace {

// How long a copy of a signal to the group is waited for. It reaches all members within microseconds, also on
// a machine that is short of processors, because the kernel sends to all of them in one go.
constexpr std::chrono::milliseconds kCopyWait(20);
// How long a copy is kept. livenessctl may be slow to send the order that matches it, while it starts on a
// busy machine. No order ever comes for some copies: two signals of one number that are pending at
// livenessctl at once are one signal there.
constexpr std::chrono::minutes kCopyAge(1);
constexpr std::size_t kMaxCopies = 64;
// The time from SIGTERM to SIGKILL when all is to end, as `docker stop` has it.
constexpr std::chrono::seconds kTermPatience(10);
constexpr std::chrono::milliseconds kKillAgain(50);

// Runs in the child of the keeper.
[[noreturn]] void BecomeCommand(const KeeperSettings& settings, pid_t keeper, int error_fd) {
  if (settings.own_group) setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(127);
  std::vector<char*> argv;
  for (const std::string& word : settings.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  sigprocmask(SIG_SETMASK, &settings.command_mask, nullptr);
  execvp(argv[0], argv.data());
  const int error = errno;
  if (write(error_fd, &error, sizeof(error)) < 0) _exit(126);
  _exit(127);
}

KeeperStarted StartCommand(const KeeperSettings& settings) {
  int error_pipe[2];
  if (pipe2(error_pipe, O_CLOEXEC) != 0) return {.error = errno};
  const pid_t keeper = getpid();
  KeeperStarted started{.command = fork()};
  if (started.command == 0) BecomeCommand(settings, keeper, error_pipe[1]);
  if (started.command < 0) started.error = errno;
  close(error_pipe[1]);
  // If there is nothing to read, the exec went well and closed the other end.
  if (read(error_pipe[0], &started.error, sizeof(started.error)) < 0) started.error = errno;
  close(error_pipe[0]);
  return started;
}

// Ends this process as the command ended, with the same `status`.
[[noreturn]] void EndLike(int status) {
  if (!WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
  const rlimit no_core{0, 0};  // the command has left a core of its own
  setrlimit(RLIMIT_CORE, &no_core);
  const int number = WTERMSIG(status);
  signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  kill(getpid(), number);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  _exit(128 + number);
}

class Keeper {
 public:
  Keeper(int link, int signals, pid_t command, bool own_group)
      : link_(link), signals_(signals), command_(command), own_group_(own_group) {}

  [[noreturn]] void Run() {
    pollfd ready[] = {{.fd = link_, .events = POLLIN}, {.fd = signals_, .events = POLLIN}};
    for (;;) {
      poll(ready, 2, PollTimeout());
      TakeSignals();
      Reap();
      if (ready[0].revents != 0) {
        TakeOrder();
        Reap();  // TakeCopy() may have read the SIGCHLD of an end
      }
      if (kill_at_ && clock_.Mono() >= *kill_at_) KillAll();
    }
  }

 private:
  // A signal to the process group, as it came to us.
  struct Copy {
    int number = 0;
    pid_t sender = 0;  // 0: the kernel
    common::MonoTime time;
  };

  // Milliseconds; -1: for ever.
  int PollTimeout() const {
    if (!kill_at_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*kill_at_ - clock_.Mono());
    return static_cast<int>(std::max(left, std::chrono::milliseconds::zero()).count());
  }

  void TakeSignals() {
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof(info)) == sizeof(info)) {
      if (info.ssi_signo == SIGCHLD) continue;
      const bool from_kernel = info.ssi_code > 0;
      if (copies_.size() == kMaxCopies) copies_.erase(copies_.begin());
      copies_.push_back({static_cast<int>(info.ssi_signo), from_kernel ? 0 : static_cast<pid_t>(info.ssi_pid),
                         clock_.Mono()});
    }
  }

  void Reap() {
    int status = 0;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid == command_) end_ = status;
    }
    const bool all_gone = pid < 0 && errno == ECHILD;
    if (!end_ || (kill_at_ && !all_gone)) return;
    // By this note livenessctl tells that the command ended, and not the keeper alone.
    const int note = *end_;
    send(link_, &note, sizeof(note), MSG_NOSIGNAL);
    EndLike(*end_);
  }

  void TakeOrder() {
    KeeperOrder order;
    const ssize_t size = recv(link_, &order, sizeof(order), MSG_DONTWAIT);
    if (size < 0) return;
    if (size != sizeof(order)) return Abandoned();
    if (order.signal == 0) return EndAll();
    const bool to_group = TakeCopy(order) || order.from_kernel;
    if (end_) return;  // the command's process id may belong to another process by now
    if (!to_group) {
      kill(command_, order.signal);
    } else if (own_group_) {
      kill(-command_, order.signal);
    }
  }

  // True if the sender of `order`'s signal sent it to this process, too. Waits a little for this copy.
  bool TakeCopy(const KeeperOrder& order) {
    const pid_t sender = order.from_kernel ? 0 : order.sender;
    for (const common::MonoTime until = clock_.Mono() + kCopyWait;;) {
      TakeSignals();
      const common::MonoTime now = clock_.Mono();
      const auto copy = std::find_if(copies_.begin(), copies_.end(), [&](const Copy& each) {
        return each.number == order.signal && each.sender == sender && now - each.time <= kCopyAge;
      });
      if (copy != copies_.end()) {
        copies_.erase(copy);
        return true;
      }
      if (now >= until) return false;
      pollfd ready{.fd = signals_, .events = POLLIN};
      poll(&ready, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(until - now).count()));
    }
  }

  // Returns how many processes took the signal. Without /proc the command is the only one that is known.
  int SignalAll(int number) const {
    const int taken = SignalDescendants(number);
    if (taken == 0 && !end_) kill(command_, number);
    return taken;
  }

  void EndAll() {
    if (kill_at_) return;
    kill_at_ = clock_.Mono() + kTermPatience;
    SignalAll(SIGTERM);
    SignalAll(SIGCONT);  // a stopped process sees SIGTERM only when it runs again
    Reap();
  }

  void KillAll() {
    kill_at_ = clock_.Mono() + kKillAgain;
    // A process that may not be signalled (another user's) is not waited for.
    if (SignalAll(SIGKILL) == 0 && end_) EndLike(*end_);
    Reap();
  }

  // Called when livenessctl is gone, so that nobody vouches for the command any more.
  [[noreturn]] void Abandoned() {
    while (SignalDescendants(SIGKILL) > 0) {
      int status = 0;
      pid_t pid = 0;
      while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      }
      if (pid < 0) break;
      pollfd ready{.fd = signals_, .events = POLLIN};
      poll(&ready, 1, static_cast<int>(kKillAgain.count()));
      TakeSignals();
    }
    _exit(0);
  }

  const int link_;
  const int signals_;
  const pid_t command_;
  const bool own_group_;
  const common::Clock& clock_ = common::SystemClock();
  std::vector<Copy> copies_;                 // those that no order has matched yet, the oldest first
  std::optional<int> end_;                   // the command's status
  std::optional<common::MonoTime> kill_at_;  // set when all is to end: then what is left is killed
};

}  // namespace

void RunKeeper(int link, const KeeperSettings& settings) {
  prctl(PR_SET_NAME, "beat-keeper");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  const int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  const KeeperStarted started = StartCommand(settings);
  send(link, &started, sizeof(started), MSG_NOSIGNAL);
  if (started.error != 0) _exit(127);
  // Standard input and output are the command's alone, so that their other ends see when the command closes
  // them.
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  Keeper(link, signals, started.command, settings.own_group).Run();
}

}  // namespace liveness::cli
