#include "tests/integration/cli/cli_process.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace liveness::testing {
namespace {

constexpr std::chrono::milliseconds kPollInterval(20);

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

bool Eventually(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

CliProcess::CliProcess(const std::vector<std::string>& args) {
  out_fd_ = memfd_create("livenessctl-stdout", MFD_CLOEXEC);
  err_fd_ = memfd_create("livenessctl-stderr", MFD_CLOEXEC);
  const std::string binary = std::string(LIVENESS_BIN_DIR) + "/livenessctl";
  std::vector<char*> argv = {const_cast<char*>(binary.c_str())};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(99);
  dup2(out_fd_, STDOUT_FILENO);
  dup2(err_fd_, STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(99);
}

CliProcess::~CliProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(out_fd_);
  close(err_fd_);
}

void CliProcess::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int CliProcess::Wait() {
  Eventually([&] {
    int status = 0;
    if (pid_ < 0 || waitpid(pid_, &status, WNOHANG) != pid_) return pid_ < 0;
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    pid_ = -1;
    return true;
  });
  return exit_code_;
}

std::string CliProcess::Out() const { return Contents(out_fd_); }
std::string CliProcess::Err() const { return Contents(err_fd_); }

bool CliProcess::Says(const std::string& text) const {
  return Eventually([&] { return Out().find(text) != std::string::npos; });
}

void CliTest::SetUp() {
  unsetenv("LIVENESS_SERVER");
  server_ = ServerProcess::Start({"--store=memory"});
  ASSERT_NE(server_, nullptr);
}

std::vector<std::string> CliTest::WithServer(std::vector<std::string> args) const {
  args.insert(args.begin(), "--server=" + server_->address());
  return args;
}

CliResult CliTest::Run(const std::vector<std::string>& args) const {
  CliProcess process(WithServer(args));
  const int code = process.Wait();
  return {code, process.Out(), process.Err()};
}

std::unique_ptr<CliProcess> CliTest::Start(const std::vector<std::string>& args) const {
  return std::make_unique<CliProcess>(WithServer(args));
}

std::unique_ptr<CliProcess> CliTest::Beat(const std::string& id, std::vector<std::string> more) const {
  more.insert(more.begin(), {"beat", "--id=" + id, "--interval=200ms", "--timeout=10s"});
  auto beat = Start(more);
  EXPECT_TRUE(Becomes(id, "STATE_ALIVE")) << beat->Out() << beat->Err();
  return beat;
}

bool CliTest::Becomes(const std::string& id, const std::string& text) const {
  return Eventually([&] { return Run({"get", id, "-o", "json"}).out.find(text) != std::string::npos; });
}

}  // namespace liveness::testing
