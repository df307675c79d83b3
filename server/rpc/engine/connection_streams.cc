#include "server/rpc/engine/connection_streams.h"

#include <algorithm>
#include <chrono>

#include "common/status.h"

namespace liveness::rpc {
namespace {

constexpr std::size_t kBorneWith = 2;      // times the bound
constexpr std::size_t kMostResets = 4096;  // connections that are remembered for them

}  // namespace

absl::Status ConnectionStreams::Place::Take(ConnectionStreams& owner,
                                            const std::optional<net::Endpoint>& peer) {
  if (owner.bounds_.max_streams == 0 || !peer) return absl::OkStatus();
  owner_ = &owner;
  peer_ = peer;
  return owner.Acquire(*peer);
}

absl::Status ConnectionStreams::Acquire(const net::Endpoint& peer) {
  {
    common::MutexLock lock(mu_);
    const std::size_t count = ++counts_[peer];
    const std::size_t most = kBorneWith * bounds_.max_streams;
    if (count <= most) return absl::OkStatus();
    if (count == most + 1) ++closed_;
  }
  // Each time, because the first time the connection may not have been known yet.
  Close(peer);
  return common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                       "too many calls on one connection");
}

void ConnectionStreams::Release(const net::Endpoint& peer) {
  common::MutexLock lock(mu_);
  const auto found = counts_.find(peer);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

void ConnectionStreams::CountReset(const net::Endpoint& peer, common::MonoTime now) {
  {
    common::MutexLock lock(mu_);
    Resets& resets = RefreshedResets(peer, now);
    resets.left -= 1;
    if (resets.left >= 0) return;
    if (resets.left > -2) ++closed_;
  }
  Close(peer);
}

ConnectionStreams::Resets& ConnectionStreams::RefreshedResets(const net::Endpoint& peer,
                                                              common::MonoTime now) {
  const auto refresh = [&](Resets& resets) {
    const double seconds = std::chrono::duration<double>(now - resets.at).count();
    resets.left = std::min(bounds_.reset_burst, resets.left + seconds * bounds_.reset_rate);
    resets.at = now;
  };
  if (resets_.size() >= kMostResets && !resets_.contains(peer)) {
    absl::erase_if(resets_, [&](auto& each) {
      refresh(each.second);
      return each.second.left >= bounds_.reset_burst;
    });
    // All of these connections reset calls at the same time. To forget what they did forgives each one burst.
    if (resets_.size() >= kMostResets) resets_.clear();
  }
  const auto [at, added] = resets_.try_emplace(peer, Resets{bounds_.reset_burst, now});
  if (!added) refresh(at->second);
  return at->second;
}

void ConnectionStreams::Close(const net::Endpoint& peer) const {
  if (bounds_.close) bounds_.close(peer);
}

std::size_t ConnectionStreams::closed_count() const {
  common::MutexLock lock(mu_);
  return closed_;
}

}  // namespace liveness::rpc
