// The checkers of what a restart must keep can fail: worlds whose restarts are
// broken in one way, and the checker that must see it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/sabotage.h"

namespace liveness::simulation {
namespace {

using core::Cause;
using core::State;
using std::chrono::milliseconds;

TEST(RestartSabotage, AnAmnestyThatIsCutShortIsAFalseDeath) {
  struct : Saboteur {
    void Configure(registry::RegistryOptions& options) override { options.restart_grace = milliseconds(1); }
  } stern;
  ExpectSeenBy("invariant 1", stern);
}

TEST(RestartSabotage, WhoCameBackAndIsDeadAllTheSameIsAFalseDeath) {
  struct : Saboteur {
    void Loaded(storage::Contents& contents) override { restarted = !contents.records.empty(); }
    bool SwallowsHello() override { return restarted; }
    bool restarted = false;
  } deaf;
  ExpectSeenBy("invariant 1", deaf);
}

TEST(RestartSabotage, AnOrphanThatIsBlamedItselfIsAFalseSuspicion) {
  struct : Saboteur {
    void Told(std::vector<core::TransitionPtr>& told) override {
      for (auto& each : told) {
        if (each->after->cause != Cause::kServerLost) continue;
        auto after = std::make_shared<core::ClientRecord>(*each->after);
        after->cause = Cause::kProcessExited;
        each = std::make_shared<core::Transition>(core::Transition{each->before, after, each->time});
      }
    }
  } slanderer;
  ExpectSeenBy("invariant 1", slanderer);
}

TEST(RestartSabotage, AServerThatDoesNotSayThatItServesHidesSilence) {
  struct : Saboteur {
    bool ForgetsToServe() override { return true; }
  } sleeper;
  ExpectSeenBy("invariant 2", sleeper);
}

TEST(RestartSabotage, ARevisionThatIsGivenOutTwiceIsASecondTruth) {
  struct : Saboteur {
    void Killed(testing::Ledger& disk) override {
      disk.TurnBack(std::min<std::uint64_t>(disk.log().size(), 5));
    }
  } forgetful;
  ExpectSeenBy("invariant 4", forgetful);
}

TEST(RestartSabotage, AnOldRecordFoundAgainIsASecondTruth) {
  struct : Saboteur {
    void Killed(testing::Ledger& disk) override { all = &disk; }
    void Loaded(storage::Contents& contents) override {
      if (all == nullptr) return;
      for (core::RecordPtr& record : contents.records) {
        for (const auto& entry : all->log()) {
          const core::RecordPtr& old = entry.change.after;
          if (old->client_id() == record->client_id() && old->incarnation < record->incarnation) record = old;
        }
      }
    }
    testing::Ledger* all = nullptr;
  } archivist;
  ExpectSeenBy("invariant 3", archivist);
}

TEST(RestartSabotage, ARecordThatIsLostWasNotDurable) {
  struct : Saboteur {
    void Loaded(storage::Contents& contents) override {
      std::erase_if(contents.records, [](const auto& each) { return each->state == State::kAlive; });
    }
  } leak;
  ExpectSeenBy("invariant 5", leak);
}

TEST(RestartSabotage, AWelcomeUnderWhatIsNotCommittedIsTooEarly) {
  struct : Saboteur {
    std::uint64_t WelcomedAs(std::uint64_t incarnation) override { return incarnation + 1; }
  } hasty;
  ExpectSeenBy("invariant 5", hasty);
}

TEST(RestartSabotage, ATransitionThatIsNotCommittedIsToldTooEarly) {
  struct : Saboteur {
    void Told(std::vector<core::TransitionPtr>& told) override {
      for (auto& each : told) {
        auto after = std::make_shared<core::ClientRecord>(*each->after);
        after->revision += 1'000'000;
        each = std::make_shared<core::Transition>(core::Transition{each->before, after, each->time});
      }
    }
  } prophet;
  ExpectSeenBy("invariant 5", prophet);
}

TEST(RestartSabotage, AWatcherThatMissesWhatWasToldMeanwhileIsLiedTo) {
  struct : Saboteur {
    void Loaded(storage::Contents& contents) override { restarted = !contents.records.empty(); }
    void Pulled(registry::WatchItem& item) override {
      // The first that it hears from the next life.
      if (restarted && !item.batches.empty() && !item.gap && item.clients.empty()) {
        item.batches.clear();
        restarted = false;
      }
    }
    bool restarted = false;
  } censor;
  ExpectSeenBy("invariant 4", censor);
}

TEST(RestartSabotage, ADeathToldAgainByTheNextLifeIsOneTooMany) {
  struct : Saboteur {
    void Loaded(storage::Contents& contents) override { restarted = !contents.records.empty(); }
    void Pulled(registry::WatchItem& item) override {
      for (auto& batch : item.batches) {
        auto told = batch->transitions();
        if (restarted && death != nullptr) told.push_back(std::exchange(death, nullptr));
        for (const auto& each : told) {
          if (each->after->state == State::kDead && !restarted) death = each;
        }
        batch = std::make_shared<registry::Batch>(std::move(told));
      }
    }
    bool restarted = false;
    core::TransitionPtr death;
  } echo;
  ExpectSeenBy("invariant 6", echo);
}

}  // namespace
}  // namespace liveness::simulation
