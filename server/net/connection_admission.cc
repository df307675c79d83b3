#include "server/net/connection_admission.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>

namespace liveness::net {
namespace {

// Of those that are open, at each Tend(): all of them within a few seconds.
constexpr std::size_t kLeastSlice = 256;
constexpr std::size_t kRounds = 20;
// With every place taken it is looked harder, for a place that is free again is worth it: at
// most 2 % of a core's time.
constexpr std::size_t kFullSlice = 4096;
constexpr common::Duration kFullPause = std::chrono::milliseconds(50);

using NameReader = int (*)(int, sockaddr*, socklen_t*);

std::optional<Endpoint> EndOf(int fd, NameReader read_name) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (read_name(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  return FromSockaddr(address);
}

}  // namespace

ConnectionAdmission::ConnectionAdmission(const Options& options, OwnConnections& own)
    : options_(options), own_(own), rate_(options.rate) {}

AdmissionVerdict ConnectionAdmission::Judge(int fd, common::MonoTime now) {
  const auto local = EndOf(fd, getsockname);
  const auto remote = EndOf(fd, getpeername);
  const bool own = own_.Take(fd, local ? &*local : nullptr, remote ? &*remote : nullptr);
  if (!own) {
    if (IsFull(now)) return AdmissionVerdict::kFull;
    if (remote && rate_.Wait(NetworkOf(*remote), now) != common::Duration::zero())
      return AdmissionVerdict::kTooFast;
  }
  table_.Add(fd, own);
  return AdmissionVerdict::kServe;
}

void ConnectionAdmission::Tend() {
  table_.Sweep(std::max(kLeastSlice, (table_.size() + table_.own()) / kRounds));
}

bool ConnectionAdmission::IsFull(common::MonoTime now) {
  if (table_.size() < options_.max_connections) return false;
  if (now < next_full_sweep_) return true;
  next_full_sweep_ = now + kFullPause;
  table_.Sweep(kFullSlice);
  return table_.size() >= options_.max_connections;
}

}  // namespace liveness::net
