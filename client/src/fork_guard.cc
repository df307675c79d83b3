#include "client/src/fork_guard.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <optional>

#include "common/mutex.h"
#include "common/socket_cookie.h"

namespace liveness::internal {
namespace {

struct Table {
  common::Mutex mu;
  // By descriptor: bounded by how many were open at once.
  std::map<int, std::uint64_t> sockets ABSL_GUARDED_BY(mu);
  std::atomic<std::uint64_t> generation{0};
};

// Never destroyed: a fork may come as late as in an exit handler.
Table& TheTable() {
  static Table* const table = new Table;
  return *table;
}

// A fork waits for the table to be whole.
void BeforeFork() ABSL_NO_THREAD_SAFETY_ANALYSIS { TheTable().mu.Lock(); }
void InParent() ABSL_NO_THREAD_SAFETY_ANALYSIS { TheTable().mu.Unlock(); }

// Only async-signal-safe calls: other threads may have held any lock at the fork.
void InChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Table& table = TheTable();
  table.generation.fetch_add(1, std::memory_order_relaxed);
  for (const auto& [fd, cookie] : table.sockets) {
    if (common::SocketCookie(fd) != cookie) continue;
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) {
      close(fd);
      continue;
    }
    dup2(null, fd);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    close(null);
  }
  table.mu.Unlock();
}

}  // namespace

void InstallForkHandlers() {
  static const int installed = pthread_atfork(BeforeFork, InParent, InChild);
  (void)installed;
}

void TrackSocket(int fd) {
  const std::optional<std::uint64_t> cookie = common::SocketCookie(fd);
  if (!cookie) return;
  Table& table = TheTable();
  common::MutexLock lock(table.mu);
  table.sockets[fd] = *cookie;
}

std::uint64_t ForkGeneration() { return TheTable().generation.load(std::memory_order_relaxed); }

}  // namespace liveness::internal
