#include "client/cli/child.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli/exit_code.h"
#include "client/cli/stop_signal.h"

namespace liveness::cli {

int ShellCode(const ProcessEnd& end) {
  if (end.signal.has_value()) return static_cast<int>(ExitCode::kSignalBase) + *end.signal;
  return end.exit_code.value_or(0);
}

std::optional<int> Child::Start(const std::vector<std::string>& command, Child& child) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t reset;
  sigemptyset(&reset);
  sigaddset(&reset, SIGPIPE);  // which beat ignores
  posix_spawnattr_setsigdefault(&attributes, &reset);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(&child.pid_, argv[0], nullptr, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? std::nullopt : std::optional<int>(error);
}

std::optional<ProcessEnd> Child::Poll() {
  int status = 0;
  if (ended_ || waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  ended_ = true;
  if (WIFSIGNALED(status)) return ProcessEnd{.signal = WTERMSIG(status)};
  return ProcessEnd{.exit_code = WEXITSTATUS(status)};
}

void Child::Kill(int signal) const {
  if (!ended_) kill(pid_, signal);
}

}  // namespace liveness::cli
