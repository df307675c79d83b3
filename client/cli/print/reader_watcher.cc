#include "client/cli/print/reader_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace liveness::cli {
namespace {

constexpr short kGone = POLLERR | POLLHUP | POLLNVAL;

}  // namespace

bool ReaderIsGone(int fd) {
  pollfd ready{.fd = fd, .events = 0};
  return poll(&ready, 1, 0) == 1 && (ready.revents & kGone) != 0;
}

ReaderWatcher::ReaderWatcher(std::function<void()> on_gone) : stop_(eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([on_gone = std::move(on_gone), stop = stop_] {
    pollfd ready[] = {{.fd = STDOUT_FILENO, .events = 0}, {.fd = stop, .events = POLLIN}};
    while (poll(ready, 2, -1) < 0 && errno == EINTR) {
    }
    if ((ready[0].revents & kGone) != 0) on_gone();
  });
}

ReaderWatcher::~ReaderWatcher() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(stop_);
}

}  // namespace liveness::cli
