#include "tests/simulation/world/sim_watcher.h"

#include <utility>

#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {
namespace {

registry::RecordFilter FilterOf(SimWatcher::Taste taste) {
  switch (taste) {
    case SimWatcher::Taste::kEverything: return nullptr;
    case SimWatcher::Taste::kZoneA:
      return [](const core::ClientRecord& record) { return record.info.FindLabel("zone") == "a"; };
    case SimWatcher::Taste::kLive:
      return [](const core::ClientRecord& record) { return core::IsLive(record.state); };
    case SimWatcher::Taste::kGone:
      return [](const core::ClientRecord& record) { return record.state == core::State::kDead; };
  }
  return nullptr;
}

}  // namespace

SimWatcher::SimWatcher(registry::Registry& registry, Taste taste, OnStart on_start, OnItem on_item)
    : registry_(&registry),
      taste_(taste),
      filter_(FilterOf(taste)),
      on_start_(std::move(on_start)),
      on_item_(std::move(on_item)) {
  Start(0, "");
}

void SimWatcher::Start(std::uint64_t revision, std::string history_id) {
  watch_ = nullptr;
  registry::WatchRequest request;
  request.filter_key = std::to_string(static_cast<int>(taste_));
  request.filter = filter_;
  request.start_revision = revision;
  request.history_id = std::move(history_id);
  // What it knows of another history counts for nothing here.
  revision_ = request.history_id.empty() ? revision : 0;
  on_start_(filter_, revision_);
  auto watch = registry_->StartWatch(std::move(request));
  // Only a server that forgets what it told refuses: then all is asked for anew.
  if (!watch.ok()) return Start(0, "");
  watch_ = *std::move(watch);
}

void SimWatcher::Pull(Random& random) {
  if (registry_ == nullptr) return;
  switch (pace_) {
    case Pace::kFast: Drain(); return;
    case Pace::kSlow:
      if (random.Chance(10)) PullOne();
      return;
    case Pace::kAsleep: return;
  }
}

void SimWatcher::Drain() {
  while (PullOne()) {
  }
}

bool SimWatcher::PullOne() {
  registry::WatchItem item = watch_->Next();
  if (item.empty() && item.revision <= revision_) return false;
  if (item.gap) revision_ = 0;
  if (item.revision != 0) revision_ = item.revision;
  const bool more = !item.empty();
  on_item_(std::move(item));
  return more;
}

void SimWatcher::Reconnect(bool from_revision) {
  if (registry_ != nullptr) Start(from_revision ? revision_ : 0, "");
}

void SimWatcher::ReconnectFromElsewhere() {
  if (registry_ != nullptr) Start(registry_->revision() + 1'000, "another history");
}

void SimWatcher::Lose() {
  watch_ = nullptr;
  registry_ = nullptr;
}

void SimWatcher::ComeBack(registry::Registry& registry, bool from_revision) {
  registry_ = &registry;
  Start(from_revision ? revision_ : 0, "");
}

}  // namespace liveness::simulation
