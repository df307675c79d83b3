#include "tests/support/frozen_thread.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

namespace liveness::testing {
namespace {

constexpr int kTries = 200;
constexpr std::chrono::milliseconds kPause(20);

std::filesystem::path TaskDirectory(pid_t pid) {
  return std::filesystem::path("/proc") / std::to_string(pid) / "task";
}

// What a thread does that waits and holds nothing.
bool Waits(pid_t pid, pid_t thread) {
  static const std::set<std::string> kWaits = {
#ifdef SYS_epoll_wait
      std::to_string(SYS_epoll_wait),
#endif
#ifdef SYS_poll
      std::to_string(SYS_poll),
#endif
      std::to_string(SYS_epoll_pwait), std::to_string(SYS_ppoll), std::to_string(SYS_futex)};
  std::string call;
  std::ifstream(TaskDirectory(pid) / std::to_string(thread) / "syscall") >> call;
  return kWaits.contains(call);
}

}  // namespace

std::vector<pid_t> ThreadsNamed(pid_t pid, const std::string& prefix) {
  std::vector<std::pair<std::string, pid_t>> found;
  for (const auto& entry : std::filesystem::directory_iterator(TaskDirectory(pid))) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    if (name.starts_with(prefix)) found.emplace_back(name, std::stoi(entry.path().filename()));
  }
  std::sort(found.begin(), found.end());
  std::vector<pid_t> threads;
  for (const auto& [name, thread] : found) threads.push_back(thread);
  return threads;
}

std::unique_ptr<FrozenThread> FrozenThread::Freeze(pid_t pid, pid_t thread) {
  for (int i = 0; i < kTries; ++i) {
    if (ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) {
      std::fprintf(stderr, "thread %d cannot be traced: %s\n", thread, std::strerror(errno));
      return nullptr;
    }
    int status = 0;
    const bool stopped =
        ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) == 0 && waitpid(thread, &status, __WALL) == thread;
    std::unique_ptr<FrozenThread> frozen(new FrozenThread(thread));
    if (stopped && WIFSTOPPED(status) && Waits(pid, thread)) return frozen;
    frozen.reset();
    std::this_thread::sleep_for(kPause);
  }
  std::fprintf(stderr, "thread %d never waits\n", thread);
  return nullptr;
}

FrozenThread::~FrozenThread() { (void)ptrace(PTRACE_DETACH, thread_, nullptr, nullptr); }

}  // namespace liveness::testing
