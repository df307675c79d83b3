#include "tests/support/child_process.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace liveness::testing {
namespace {

constexpr std::chrono::milliseconds kPollInterval(5);

std::string Contents(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t size = 0;
  // pread: the position is shared with the child, which writes there.
  while ((size = pread(fd, buffer, sizeof(buffer), static_cast<off_t>(text.size()))) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace

std::string BinaryPath(const std::string& binary) {
  const char* bin_dir = std::getenv("LIVENESS_BIN_DIR");
  return std::string(bin_dir != nullptr ? bin_dir : LIVENESS_BIN_DIR) + "/" + binary;
}

std::string_view SanitizerReport(std::string_view text) {
  std::size_t first = text.size();
  for (const std::string_view begins :
       {"WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error: "}) {
    first = std::min(first, text.find(begins));
  }
  return text.substr(first);
}

ChildProcess::ChildProcess(const std::string& binary, const std::vector<std::string>& args)
    : binary_(binary),
      out_fd_(memfd_create("stdout", MFD_CLOEXEC)),
      err_fd_(memfd_create("stderr", MFD_CLOEXEC)) {
  const std::string path = binary.starts_with('/') ? binary : BinaryPath(binary);
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ != 0) return;
  // Only what is safe after a fork of a process with threads.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(out_fd_, STDOUT_FILENO);
  dup2(err_fd_, STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(127);
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  const std::string err = Err();
  EXPECT_EQ(SanitizerReport(err), "") << "in " << binary_;
  close(out_fd_);
  close(err_fd_);
}

void ChildProcess::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int ChildProcess::Wait(std::chrono::milliseconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (pid_ > 0) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    } else if (std::chrono::steady_clock::now() >= give_up) {
      return -1;
    } else {
      std::this_thread::sleep_for(kPollInterval);
    }
  }
  return exit_code_;
}

std::string ChildProcess::Out() const { return Contents(out_fd_); }
std::string ChildProcess::Err() const { return Contents(err_fd_); }

}  // namespace liveness::testing
