#include "server/net/polite_close.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace liveness::net {
namespace {

constexpr common::Duration kPatience = std::chrono::seconds(1);
// Thrown away of one connection in one turn: who sends more waits for the next.
constexpr int kReads = 4;

// True once the peer has closed too, or there is nothing more to read from it.
bool IsOver(int fd) {
  std::array<char, 4096> bytes;
  for (int i = 0; i < kReads; ++i) {
    const ssize_t size = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size > 0) continue;
    return size == 0 || (errno != EAGAIN && errno != EINTR);
  }
  return false;
}

}  // namespace

PoliteClose::~PoliteClose() {
  for (const Waiting& each : waiting_) close(each.fd);
}

void PoliteClose::Close(int fd, common::MonoTime now) {
  (void)shutdown(fd, SHUT_WR);
  waiting_.push_back({fd, now + kPatience});
  if (waiting_.size() <= most_) return;
  (void)IsOver(waiting_.front().fd);
  close(waiting_.front().fd);
  waiting_.pop_front();
}

void PoliteClose::Tend(common::MonoTime now) {
  std::erase_if(waiting_, [now](const Waiting& each) {
    const bool over = IsOver(each.fd) || now >= each.until;
    if (over) close(each.fd);
    return over;
  });
}

}  // namespace liveness::net
