#include "tests/simulation/world/sim_server.h"

#include <algorithm>
#include <utility>

namespace liveness::simulation {

SimServer::SimServer(Options options, Script& script, Truth& truth, Saboteur& saboteur)
    : options_(std::move(options)),
      script_(script),
      truth_(truth),
      saboteur_(saboteur),
      memory_(script.clock()),
      next_beat_(script.now()),
      last_tick_(script.now()) {
  disk_.KeepHistory(options_.kept);
  StepWall(Duration::zero());
  Start();
  registry_->BeginServing();
}

void SimServer::Start() {
  next_beat_ = now();
  due_ = MonoTime::max();
  last_tick_ = now();
  late_ = Duration::zero();
  storage::Store* store = &memory_;
  if (options_.durable) {
    store_ = std::make_unique<testing::ManualStore>(disk_);
    store = store_.get();
  }
  storage::Contents contents = *store->Load();
  saboteur_.Loaded(contents);
  registry_ =
      std::make_unique<registry::Registry>(options_.registry, script_.clock(), *store, std::move(contents));
  registry_->OnEarlierDeadline([this](MonoTime when) { due_ = std::min(due_, std::max(when, now())); });
  store->Start(*registry_);
}

void SimServer::Serve() {
  if (!saboteur_.ForgetsToServe()) registry_->BeginServing();
  truth_.Serve(now());
}

void SimServer::Kill() {
  stopped_ = frozen_ = lies_ = false;
  store_->Stop();
  TakeComplaints();
  registry_ = nullptr;
  store_ = nullptr;
  apply_at_ = tell_at_ = MonoTime::max();
  saboteur_.Killed(disk_);
}

void SimServer::TakeComplaints() {
  complaints_.insert(complaints_.end(), store_->complaints().begin(), store_->complaints().end());
}

std::uint64_t SimServer::proposals() const {
  return store_ == nullptr ? 0 : disk_.log().size() + store_->queue().size();
}

void SimServer::AdvanceTo(MonoTime when) {
  while (up() && !stopped_) {
    PlanCommit();
    const MonoTime store = StoreWakes();
    // `due_` may be far beyond what can be added to.
    const bool detector = Wake() <= when && Wake() + late_ <= when;
    const bool commits = store <= when && (!detector || store <= Wake() + late_);
    const MonoTime quiet = std::min({when, Wake(), store});
    if (frozen_ && next_beat_ <= quiet) {
      // Pings that are not heard count from when each was sent, so the detector must see each of them.
      script_.clock().Advance(std::max(Duration::zero(), next_beat_ - now()));
      Tick(now());
    } else if (detector && !commits) {
      const MonoTime expected = Wake();
      script_.clock().Advance(std::max(Duration::zero(), expected + late_ - now()));
      Tick(expected);
      script_.Woke();
    } else if (quiet - last_tick_ > kPeriod) {
      const MonoTime idle = std::max(now(), quiet - script_.random().Between(Duration::zero(), kPeriod));
      script_.clock().Advance(idle - now());
      Tick(idle);
    } else if (commits) {
      script_.clock().Advance(std::max(Duration::zero(), store - now()));
      RunStore();
    } else {
      break;
    }
  }
  if (up() && !stopped_ && when - last_tick_ > kPeriod && Wake() > when) {
    const MonoTime idle = std::max(now(), when - script_.random().Between(Duration::zero(), kPeriod));
    script_.clock().Advance(idle - now());
    Tick(idle);
  }
  script_.clock().Advance(std::max(Duration::zero(), when - now()));
}

void SimServer::PlanCommit() {
  if (store_ == nullptr || store_->queue().empty() || apply_at_ != MonoTime::max()) return;
  apply_at_ = now() + script_.random().Between(Duration::zero(), options_.commits_in / 2);
}

void SimServer::RunStore() {
  if (apply_at_ <= now()) {
    apply_at_ = MonoTime::max();
    while (!store_->queue().empty()) store_->Apply(script_.random().Below(store_->queue().size()));
    const MonoTime told_at = now() + script_.random().Between(Duration::zero(), options_.commits_in / 2);
    tell_at_ = std::min(tell_at_, told_at);
  }
  if (tell_at_ <= now()) {
    tell_at_ = MonoTime::max();
    store_->Tell();
    script_.Woke();
  }
}

void SimServer::Stop() {
  stopped_ = true;
  expected_ = std::min(Wake(), now() + script_.random().Between(Duration::zero(), kPeriod));
  truth_.BeginStall(now());
}

void SimServer::CatchUp() {
  stopped_ = false;
  next_beat_ = std::max(next_beat_, now());
  truth_.EndStall(now());
  Tick(expected_);
}

void SimServer::Freeze(bool lies) {
  Beat();
  frozen_ = true;
  lies_ = lies;
  truth_.BeginFreeze(now());
}

void SimServer::Thaw() {
  // The detector looked at the queue a moment ago, as it does each 10 ms.
  Tick(now());
  frozen_ = false;
  truth_.EndFreeze(now());
  Beat();
}

void SimServer::Beat() {
  registry::QueuePulses::Queue& queue = registry_->pulses().at(0);
  const core::Pulse last = queue.Read();
  const bool heard = !frozen_ || lies_;
  if (heard && last.caught_up < last.sent) queue.HeardPing(last.sent, now());
  if (now() < next_beat_) return;
  // It was sent at some time since it was due, and heard at once.
  const MonoTime sent = frozen_ ? next_beat_ : now();
  queue.Sent(sent);
  if (heard) queue.HeardPing(sent, now());
  next_beat_ = now() + core::CanaryWatch::kPeriod;
}

void SimServer::StepWall(Duration step) {
  script_.clock().StepWall(step);
  truth_.SetWall(now(), script_.clock().Wall().time_since_epoch() - now().time_since_epoch());
}

void SimServer::Tick(MonoTime expected) {
  Beat();
  due_ = MonoTime::max();
  const MonoTime next = registry_->Tick(expected, now());
  due_ = std::min(due_, next);
  last_tick_ = now();
  late_ =
      script_.random().Chance(20) ? script_.random().Between(Duration::zero(), kLateness) : Duration::zero();
}

}  // namespace liveness::simulation
