#include "server/net/connection_table.h"

namespace liveness::net {

void ConnectionTable::Add(int fd, bool own) {
  const auto at = static_cast<std::size_t>(fd);
  if (at >= by_fd_.size()) by_fd_.resize(at + 1);
  Entry& entry = by_fd_[at];
  Forget(entry);
  entry = {read_cookie_(fd).value_or(0), own};
  if (entry.cookie == 0) return;
  ++(own ? own_ : others_);
}

void ConnectionTable::Sweep(std::size_t count) {
  // Empty places cost nothing but a step: one round at most.
  for (std::size_t steps = 0; steps < by_fd_.size() && count != 0 && others_ + own_ != 0; ++steps) {
    if (next_ >= by_fd_.size()) next_ = 0;
    const std::size_t at = next_++;
    Entry& entry = by_fd_[at];
    if (entry.cookie == 0) continue;
    --count;
    if (read_cookie_(static_cast<int>(at)) != entry.cookie) Forget(entry);
  }
}

void ConnectionTable::Forget(Entry& entry) {
  if (entry.cookie == 0) return;
  --(entry.own ? own_ : others_);
  entry = {};
}

}  // namespace liveness::net
