#include "tests/simulation/world/observer.h"

#include <string>
#include <utility>

#include "tests/simulation/rules/checkers.h"
#include "tests/simulation/rules/truth.h"
#include "tests/simulation/world/saboteur.h"
#include "tests/simulation/world/script.h"
#include "tests/simulation/world/sim_server.h"

namespace liveness::simulation {

Observer::Observer(const Parts& parts, std::uint64_t seed, Checker* guest)
    : parts_(parts),
      seed_(seed),
      guest_(guest),
      checkers_(AllCheckers(parts.truth, parts.server.options().registry, parts.server.disk())),
      collected_(parts.server.registry().revision()) {}

void Observer::StartWatchers(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const int number = static_cast<int>(i);
    watchers_.push_back(std::make_unique<SimWatcher>(
        parts_.server.registry(),
        i == 0 ? SimWatcher::Taste::kEverything : SimWatcher::Taste(parts_.script.random().Below(4)),
        [this, number](const registry::RecordFilter& filter, std::uint64_t revision) {
          Tell([&](Checker& checker) { checker.OnWatch(number, filter, revision); });
        },
        [this, number](registry::WatchItem item) {
          parts_.saboteur.Pulled(item);
          Tell([&](Checker& checker) { checker.OnPulled(number, item); });
        }));
  }
}

SimWatcher& Observer::AnyWatcher() { return *watchers_[parts_.script.random().Below(watchers_.size())]; }

void Observer::LoseServer() {
  for (auto& watcher : watchers_) watcher->Lose();
}

void Observer::FindServer() {
  for (auto& watcher : watchers_) {
    watcher->ComeBack(parts_.server.registry(), parts_.script.random().Chance(80));
  }
}

void Observer::EndStep() {
  parts_.truth.Record(parts_.script.now());
  if (parts_.server.up()) LookAtServer();
  parts_.truth.Absolve();
  Check();
}

void Observer::LookAtServer() {
  // The publisher is a thread of its own: it may be behind.
  if (over_ || parts_.script.random().Chance(80)) {
    while (parts_.server.registry().PublishPending()) {
    }
  }
  LookAtTransitions();
  LookAtRecords();
  for (auto& watcher : watchers_) watcher->Pull(parts_.script.random());
}

void Observer::LookAtTransitions() {
  const MonoTime now = parts_.script.now();
  auto page = parts_.server.registry().HistoryAfter(collected_, 10'000);
  if (!page.transitions.empty()) collected_ = page.transitions.back()->revision();
  parts_.saboteur.Told(page.transitions);
  for (const core::TransitionPtr& told : page.transitions) {
    const core::ClientRecord& after = *told->after;
    parts_.script.Note([&] {
      return "  " + std::string(told->before == nullptr ? "-" : core::Name(told->before->state)) + " > " +
             std::string(core::Name(after.state)) + " " + std::string(core::Name(after.cause)) + " of " +
             Who(after);
    });
    Tell([&](Checker& checker) { checker.OnTold(told, now); });
    if (!core::IsLive(after.state)) parts_.truth.End(after.client_id(), after.incarnation);
  }
}

void Observer::LookAtRecords() {
  std::vector<core::RecordPtr> records;
  auto scan = parts_.server.registry().Scan({.limit = 1'000});
  for (auto& view : scan.views) records.push_back(std::move(view.record));
  parts_.saboteur.Shown(records);
  Tell([&](Checker& checker) { checker.OnShown(records, parts_.script.now()); });
}

void Observer::Check() {
  if (report_) return;
  const int step = parts_.script.step();
  for (const auto& [name, checker] : checkers_) {
    if (!checker->complaint()) continue;
    if (report_) {
      report_->also.push_back(name);
    } else {
      report_ = Report{seed_, step, name, *checker->complaint()};
    }
  }
  if (!report_ && !parts_.server.complaints().empty()) {
    const Complaint complaint{"a proposal", "to keep the store's contract",
                              parts_.server.complaints().front()};
    report_ = Report{seed_, step, "the store's contract", complaint};
  }
}

void Observer::End() {
  for (auto& watcher : watchers_) watcher->Drain();
  EndStep();
  for (auto& watcher : watchers_) watcher->Drain();
  Tell([](Checker& checker) { checker.OnEnd(); });
  Check();
}

}  // namespace liveness::simulation
