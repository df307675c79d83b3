// The worlds are worth watching: what the invariants speak of happens in them,
// often. A simulation in which nobody dies proves nothing.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "tests/simulation/world/world.h"

namespace liveness::simulation {
namespace {

// Counts what it sees, by name.
class Tally final : public Checker {
 public:
  void OnTold(const core::TransitionPtr& told, MonoTime) override {
    const core::ClientRecord& after = *told->after;
    const std::string from(told->before == nullptr ? "-" : core::Name(told->before->state));
    ++counts["told " + from + ">" + std::string(core::Name(after.state))];
    if (after.state == core::State::kDead)
      ++counts[after.cause == core::Cause::kEvicted      ? "evicted"
               : after.cause == core::Cause::kSuperseded ? "superseded"
                                                         : "died"];
    if (told->groups != nullptr) ++counts["mass failure"];
    if (after.flapping && !(told->before != nullptr && told->before->flapping)) ++counts["begins to flap"];
    if (told->before != nullptr && told->before->flapping && !after.flapping) ++counts["calms down"];
    if (after.cause == core::Cause::kServerLost) ++counts["server lost"];
    if (after.cause == core::Cause::kNotReturned) ++counts["not returned"];
    if (just_restarted_) ++counts["committed by one life, told by the next"];
    if (after.evidence != nullptr && after.evidence->credited > Duration::zero()) ++counts["credited"];
  }
  void OnShown(const std::vector<core::RecordPtr>&, MonoTime) override { just_restarted_ = false; }
  void OnRestart() override {
    ++counts["restarted"];
    just_restarted_ = true;
  }
  void OnWelcome(const Line& line, std::optional<std::uint64_t> token, bool resumed) override {
    ++counts[resumed ? "resumed" : "begun"];
    if (line.beside) ++counts[resumed ? "welcomed beside" : "begun beside"];
    if (line.beside && resumed && token < line.incarnation) ++counts["joined"];
    if (resumed && std::exchange(lives_[line.client_id], line.life) != line.life) ++counts["came back"];
    if (line.welcomed > line.asked) ++counts["welcomed later"];
  }
  void OnTakeOver(const Line&, std::optional<registry::TouchResult> touch, MonoTime) override {
    ++counts[touch == registry::TouchResult::kStale ? "spoke too late" : "taken over"];
  }
  void OnOneClosed(const Line& line) override {
    ++counts[line.unbound ? "bound stream closed beside others" : "closed beside others"];
  }
  void OnStale(const StaleEvent& event) override { ++counts[event.touch ? "stale message" : "stale end"]; }
  void OnWatch(int, const registry::RecordFilter&, std::uint64_t start_revision) override {
    ++counts[start_revision == 0 ? "watched from nothing" : "watched from a revision"];
  }
  void OnPulled(int, const registry::WatchItem& item) override {
    if (item.gap) ++counts["gap"];
    if (item.snapshot_done) ++counts["snapshot"];
  }
  void OnClosedForOurSake(bool alive) override {
    ++counts[alive ? "closed for our sake, excused" : "closed for our sake, suspect already"];
  }

  std::map<std::string, int> counts;

 private:
  std::map<std::string, int> lives_;  // of the server that each client was welcomed by last
  bool just_restarted_ = false;
};

TEST(Simulation, IsEventful) {
  constexpr int kWorlds = 1'000;
  Tally tally;
  for (int seed = 0; seed < kWorlds; ++seed) {
    World({.seed = static_cast<std::uint64_t>(seed), .steps = 200, .observer = &tally}).Run();
  }
  for (const auto& [what, count] : tally.counts) RecordProperty(what, count);
  for (const char* const what : {"told ->ALIVE",
                                 "told ALIVE>ALIVE",
                                 "told ALIVE>SUSPECT",
                                 "told SUSPECT>ALIVE",
                                 "told SUSPECT>DEAD",
                                 "told ALIVE>DEAD",
                                 "told ALIVE>LEFT",
                                 "told DEAD>ALIVE",
                                 "told LEFT>ALIVE",
                                 "told DEAD>FORGOTTEN",
                                 "told LEFT>FORGOTTEN",
                                 "evicted",
                                 "superseded",
                                 "died",
                                 "credited",
                                 "resumed",
                                 "begun",
                                 "stale message",
                                 "stale end",
                                 "watched from nothing",
                                 "watched from a revision",
                                 "gap",
                                 "mass failure",
                                 "begins to flap",
                                 "calms down",
                                 "restarted",
                                 "server lost",
                                 "not returned",
                                 "came back",
                                 "welcomed later",
                                 "committed by one life, told by the next",
                                 "snapshot",
                                 "welcomed beside",
                                 "taken over",
                                 "closed beside others",
                                 "bound stream closed beside others",
                                 "closed for our sake, excused"}) {
    EXPECT_GE(tally.counts[what], kWorlds / 100) << what;
  }
}

}  // namespace
}  // namespace liveness::simulation
