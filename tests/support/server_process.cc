#include "tests/support/server_process.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace liveness::testing {
namespace {

constexpr std::chrono::seconds kStartPatience(30);
constexpr std::chrono::milliseconds kPollInterval(5);
constexpr std::string_view kReady = "listening on ";

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

void ServerProcess::Spawn(const std::vector<std::string>& args) {
  out_fd_ = memfd_create("livenessd-stdout", MFD_CLOEXEC);
  err_fd_ = memfd_create("livenessd-stderr", MFD_CLOEXEC);
  const char* bin_dir = std::getenv("LIVENESS_BIN_DIR");
  const std::string binary = std::string(bin_dir != nullptr ? bin_dir : LIVENESS_BIN_DIR) + "/livenessd";
  std::vector<char*> argv = {const_cast<char*>(binary.c_str())};
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

std::unique_ptr<ServerProcess> ServerProcess::Start(std::vector<std::string> args) {
  const bool listens = std::any_of(args.begin(), args.end(),
                                   [](const std::string& arg) { return arg.starts_with("--listen"); });
  if (!listens) args.insert(args.begin(), "--listen=127.0.0.1:0");
  std::unique_ptr<ServerProcess> server(new ServerProcess);
  server->Spawn(args);
  const auto give_up = std::chrono::steady_clock::now() + kStartPatience;
  while (std::chrono::steady_clock::now() < give_up) {
    const std::string out = server->StandardOutput();
    const auto begin = out.find(kReady);
    const auto end = out.find('\n', begin == std::string::npos ? 0 : begin);
    if (begin != std::string::npos && end != std::string::npos) {
      server->address_ = out.substr(begin + kReady.size(), end - begin - kReady.size());
      return server;
    }
    if (server->WaitForExit(kPollInterval) != -1) break;
  }
  std::fprintf(stderr, "livenessd did not become ready; it wrote:\n%s\n", server->StandardError().c_str());
  return nullptr;
}

ServerProcess::Outcome ServerProcess::RunToEnd(std::vector<std::string> args) {
  ServerProcess server;
  server.Spawn(args);
  Outcome outcome;
  outcome.exit_code = server.WaitForExit(kStartPatience);
  outcome.out = server.StandardOutput();
  outcome.err = server.StandardError();
  return outcome;
}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) close(out_fd_);
  if (err_fd_ >= 0) close(err_fd_);
}

void ServerProcess::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}
void ServerProcess::Pause() const { Signal(SIGSTOP); }
void ServerProcess::Continue() const { Signal(SIGCONT); }

int ServerProcess::Stop(std::chrono::milliseconds patience) {
  Signal(SIGTERM);
  return WaitForExit(patience);
}

int ServerProcess::WaitForExit(std::chrono::milliseconds patience) {
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

std::string ServerProcess::StandardError() const { return Contents(err_fd_); }
std::string ServerProcess::StandardOutput() const { return Contents(out_fd_); }

}  // namespace liveness::testing
