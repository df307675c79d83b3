#include "client/cli/process/shell_command.h"

#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/duration_text.h"

namespace liveness::cli {
namespace {

constexpr int kTermPatienceMs = 2'000;

// Closes what it holds.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

std::string Error(std::string_view what) {
  return absl::StrCat("could not be run: ", std::string(what), ": ", strerror(errno));
}

// Has `text` read from its start. A file in memory and no pipe: a command that does not read holds nobody up.
bool Fill(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return lseek(fd, 0, SEEK_SET) == 0;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// 0, or an errno.
int Spawn(const ShellCommand& command, const sigset_t& mask, int input, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &mask);
  sigset_t ours;  // that this process ignores for itself
  sigemptyset(&ours);
  sigaddset(&ours, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &ours);
  std::vector<std::string> words = {"sh", "-c", command.command};
  std::vector<std::string> environment = command.environment;
  const int error =
      posix_spawn(&pid, "/bin/sh", &files, &attributes, Pointers(words).data(), Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

enum class Woke : std::uint8_t { kEnded, kStop, kTimeout };

Woke Await(int process, int stop_fd, int timeout_ms) {
  pollfd each[] = {{process, POLLIN, 0}, {stop_fd, POLLIN, 0}};
  const int ready = poll(each, stop_fd < 0 ? 1 : 2, timeout_ms);
  if (ready > 0 && each[0].revents != 0) return Woke::kEnded;
  return ready == 0 ? Woke::kTimeout : Woke::kStop;
}

std::string EndText(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = sigabbrev_np(WTERMSIG(status));
    return absl::StrCat("was ended by ", name != nullptr ? absl::StrCat("SIG", name) : "a signal");
  }
  return WEXITSTATUS(status) == 0 ? std::string() : absl::StrCat("ended with code ", WEXITSTATUS(status));
}

}  // namespace

std::string RunShellCommand(const ShellCommand& command, const sigset_t& mask, common::Duration timeout,
                            int stop_fd) {
  const Fd input(memfd_create("livenessctl", MFD_CLOEXEC));
  if (input.get() < 0 || !Fill(input.get(), command.input)) return Error("its input");
  pid_t pid = 0;
  errno = Spawn(command, mask, input.get(), pid);
  if (errno != 0) return Error("sh");
  // glibc 2.36 declares its function in a way that C++ does not find.
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  const Woke woke =
      Await(process.get(), stop_fd, static_cast<int>(std::clamp<std::int64_t>(limit, 0, INT_MAX)));
  if (woke != Woke::kEnded) {
    kill(-pid, SIGTERM);
    (void)Await(process.get(), -1, kTermPatienceMs);
    kill(-pid, SIGKILL);  // also of what outlives the shell
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  switch (woke) {
    case Woke::kTimeout:
      return absl::StrCat("was ended because it took longer than ", common::FormatDuration(timeout));
    case Woke::kStop: return "was ended with the watch";
    case Woke::kEnded: break;
  }
  return EndText(status);
}

}  // namespace liveness::cli
