#include "server/rpc/operate/health_board.h"

#include "common/strings.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>

#include <grpcpp/alarm.h>

#include "absl/container/flat_hash_set.h"
#include "server/rpc/engine/holding_tag.h"

namespace liveness::rpc {
namespace {

constexpr common::Duration kRetryPause = std::chrono::seconds(1);
constexpr std::size_t kWakesAtOnce = 256;

}  // namespace

// Serves the registry's watch on a queue's thread. Lives while the board wants
// it or its alarm is set; its token keeps the queue.
class HealthBoard::Pump : public std::enable_shared_from_this<Pump> {
 public:
  Pump(HealthBoard& board, grpc::ServerCompletionQueue& cq, Engine& engine)
      : token_(engine), board_(board), cq_(cq) {}

  absl::Status Start() {
    registry::WatchRequest request;
    request.start_revision = std::max<std::uint64_t>(board_.registry_.revision(), 1);
    request.on_ready = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Wake();
    };
    auto watch = board_.registry_.StartWatch(std::move(request));
    if (!watch.ok()) return watch.status();
    watch_ = *std::move(watch);
    Wake();  // because the registry wakes only a watch that has been read once
    return absl::OkStatus();
  }

 private:
  void Wake(common::Duration after = common::Duration::zero()) {
    if (woken_.exchange(true)) return;
    alarm_.Set(&cq_, after.count() == 0 ? gpr_inf_past(GPR_CLOCK_MONOTONIC) : FromNow(after),
               tag_.Hold(shared_from_this()));
  }

  void OnWake(bool) {
    // By an exchange, because this thread must see what was done before a Wake() that found the flag set.
    woken_.exchange(false);
    if (!WakeSome()) return Wake();
    if (watch_ == nullptr) {
      if (!std::exchange(paused_, true)) return Wake(kRetryPause);
      return StartOver();
    }
    const registry::WatchItem item = watch_->Next();
    if (item.gap) return StartOver();
    if (item.empty()) return;
    concerned_ = board_.Concerned(item.batches);
    Wake();
  }

  // Wakes the next few of the followers concerned; false if more are to be woken. A few at a time, because
  // there may be thousands, and each costs this queue's thread some microseconds.
  bool WakeSome() {
    for (std::size_t i = 0; i < kWakesAtOnce && !concerned_.empty(); ++i) {
      if (const auto follower = concerned_.back().lock()) follower->Wake();
      concerned_.pop_back();
    }
    return concerned_.empty();
  }

  // Changes were missed. Every follower is woken and reads its client's state for itself, so that a snapshot
  // is of no use here.
  void StartOver() {
    watch_.reset();
    concerned_ = board_.Everybody();
    if (Start().ok()) return;
    paused_ = false;  // refused: another watcher took the place in the registry that was just given up
    Wake();
  }

  CallToken token_;
  HealthBoard& board_;
  grpc::ServerCompletionQueue& cq_;
  std::shared_ptr<registry::Watch> watch_;
  std::vector<std::weak_ptr<WatchStream>> concerned_;  // to be woken yet
  bool paused_ = false;                                // since the registry's watch was refused
  std::atomic<bool> woken_{false};
  grpc::Alarm alarm_;
  HoldingTag<Pump, &Pump::OnWake> tag_;
};

absl::Status HealthBoard::Follow(const std::string& client_id, const std::shared_ptr<WatchStream>& follower,
                                 grpc::ServerCompletionQueue& cq, Engine& engine) {
  common::MutexLock lock(mu_);
  if (pump_ == nullptr) {
    auto pump = std::make_shared<Pump>(*this, cq, engine);
    const absl::Status started = pump->Start();
    if (!started.ok()) return started;
    pump_ = std::move(pump);
  }
  followers_[client_id].emplace_back(follower.get(), follower);
  return absl::OkStatus();
}

void HealthBoard::Unfollow(const std::string& client_id, const WatchStream* follower) {
  std::shared_ptr<Pump> unused;  // goes after the lock
  common::MutexLock lock(mu_);
  const auto at = followers_.find(client_id);
  if (at == followers_.end()) return;
  std::erase_if(at->second, [&](const auto& each) { return each.first == follower; });
  if (at->second.empty()) followers_.erase(at);
  if (followers_.empty()) unused = std::move(pump_);
}

HealthBoard::Concern HealthBoard::Concerned(
    const std::vector<std::shared_ptr<const registry::Batch>>& batches) const {
  Concern concerned;
  absl::flat_hash_set<std::string_view> seen;  // a client that changes often is looked up once
  common::MutexLock lock(mu_);
  for (const auto& batch : batches) {
    for (const core::TransitionPtr& transition : batch->transitions()) {
      const std::string_view client_id = transition->after->client_id();
      const auto at = followers_.find(common::ToAbsl(client_id));
      if (at == followers_.end() || !seen.insert(client_id).second) continue;
      for (const auto& [_, follower] : at->second) concerned.push_back(follower);
    }
  }
  return concerned;
}

HealthBoard::Concern HealthBoard::Everybody() const {
  Concern everybody;
  common::MutexLock lock(mu_);
  for (const auto& [_, followers] : followers_) {
    for (const auto& [__, follower] : followers) everybody.push_back(follower);
  }
  return everybody;
}

}  // namespace liveness::rpc
