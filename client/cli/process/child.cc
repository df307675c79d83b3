#include "client/cli/process/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "client/cli/exit_code.h"
#include "client/cli/process/descendants.h"
#include "client/cli/process/keeper.h"

namespace liveness::cli {
namespace {

// True if our process group is the one that a terminal deals with.
bool InForeground() {
  const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) return false;
  const bool foreground = tcgetpgrp(terminal) == getpgrp();
  close(terminal);
  return foreground;
}

void Tell(int link, const KeeperOrder& order) { send(link, &order, sizeof(order), MSG_NOSIGNAL); }

}  // namespace

int ShellCode(const ProcessEnd& end) {
  if (end.signal.has_value()) return static_cast<int>(ExitCode::kSignalBase) + *end.signal;
  return end.exit_code.value_or(0);
}

std::optional<int> ReapChildren(pid_t command) {
  std::optional<int> end;
  int status = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid == command) end = status;
  }
  return end;
}

Child::~Child() {
  if (link_ >= 0) close(link_);
}

std::optional<int> Child::Start(const std::vector<std::string>& command, const sigset_t& mask, Child& child) {
  // Takes the numbers 0 to 2 if our parent left them closed. Otherwise the link to the keeper would get one
  // of them, and be taken for standard input, or be overwritten below.
  int spare = 0;
  do {
    spare = open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (spare >= 0 && spare <= STDERR_FILENO);
  close(spare);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  child.own_group_ = !InForeground();
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // if the keeper is killed, its children become ours
  child.keeper_ = fork();
  if (child.keeper_ == 0) {
    close(ends[0]);
    RunKeeper(ends[1], {.command = command, .command_mask = mask, .own_group = child.own_group_});
  }
  const int fork_error = errno;
  close(ends[1]);
  child.link_ = ends[0];
  if (child.keeper_ < 0) return fork_error;
  KeeperStarted started;
  if (recv(child.link_, &started, sizeof(started), 0) != sizeof(started)) started.error = EAGAIN;
  if (started.error != 0) {
    waitpid(child.keeper_, nullptr, 0);
    return started.error;
  }
  child.pid_ = started.command;
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  close(null);
  return std::nullopt;
}

std::optional<ProcessEnd> Child::Poll() {
  if (keeper_ == 0) return std::nullopt;
  const std::optional<int> status = ReapChildren(keeper_);
  if (!status) return std::nullopt;
  keeper_ = 0;
  int note = 0;
  if (recv(link_, &note, sizeof(note), MSG_DONTWAIT) != sizeof(note)) SignalDescendants(SIGKILL);
  if (WIFSIGNALED(*status)) return ProcessEnd{.signal = WTERMSIG(*status)};
  return ProcessEnd{.exit_code = WEXITSTATUS(*status)};
}

void Child::Forward(const Signal& signal) const {
  Tell(link_, {.signal = signal.number, .from_kernel = signal.from_kernel, .sender = signal.sender});
}

void Child::EndAll() const { Tell(link_, {.signal = 0}); }

}  // namespace liveness::cli
