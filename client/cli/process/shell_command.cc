#include "client/cli/process/shell_command.h"

#include <poll.h>
#include <sys/mman.h>
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
#include "common/files/descriptor.h"
#include "common/files/file.h"
#include "common/process/spawn.h"

namespace liveness::cli {
namespace {

constexpr int kTermPatienceMs = 2'000;

std::string Error(std::string_view what) {
  return absl::StrCat("could not be run: ", std::string(what), ": ", strerror(errno));
}

// Has `text` read from its start. A file in memory and no pipe: a command that does not read holds nobody up.
bool Fill(int fd, std::string_view text) {
  return common::WriteAll(fd, text) == text.size() && lseek(fd, 0, SEEK_SET) == 0;
}

// 0, or an errno.
int Begin(const ShellCommand& command, const sigset_t& mask, int input, pid_t& pid) {
  common::SpawnOptions options;
  options.input = input;
  options.blocked = mask;
  sigemptyset(&options.not_ignored);
  sigaddset(&options.not_ignored, SIGPIPE);  // which this process ignores for itself
  return common::Spawn({"/bin/sh", "-c", command.command}, command.environment, options, pid);
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
  const common::Descriptor input(memfd_create("livenessctl", MFD_CLOEXEC));
  if (input.get() < 0 || !Fill(input.get(), command.input)) return Error("its input");
  pid_t pid = 0;
  errno = Begin(command, mask, input.get(), pid);
  if (errno != 0) return Error("sh");
  const common::Descriptor process(common::OpenProcess(pid));
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
