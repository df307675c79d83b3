// Each checker can fail: whole worlds with one thing broken between the
// registry and the checkers, and the one checker that must see it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/sabotage.h"

namespace liveness::simulation {
namespace {

using core::State;

TEST(Sabotage, AnHonestWorldIsNotComplainedOf) {
  Saboteur nobody;
  EXPECT_FALSE(FirstReport(nobody));
}

TEST(Sabotage, HeartbeatsDatedBackAreFalseDeaths) {
  struct : Saboteur {
    MonoTime ReadAt(MonoTime now) override { return now - std::chrono::milliseconds(400); }
  } late;
  ExpectSeenBy("invariant 1", late);
}

TEST(Sabotage, HeartbeatsDatedAheadHideSilence) {
  struct : Saboteur {
    MonoTime ReadAt(MonoTime now) override { return now + std::chrono::milliseconds(400); }
  } early;
  ExpectSeenBy("invariant 2", early);
}

TEST(Sabotage, AServerThatVouchesForMoreThanItKeepsDeceivesItsClients) {
  struct : Saboteur {
    Duration Vouches(Duration) override { return std::chrono::hours(1); }
  } braggart;
  ExpectSeenBy("invariant 9", braggart);
}

TEST(Sabotage, UnreadBytesThatAreNotShownAreFalseDeaths) {
  struct : Saboteur {
    bool HidesUnread() override { return true; }
  } blindfold;
  // It takes a deadline that passes before the canary is missed.
  ExpectSeenBy("invariant 1", blindfold, 2'000);
}

TEST(Sabotage, ACanaryThatLiesIsFalseDeaths) {
  struct : Saboteur {
    bool LiesForTheCanary() override { return true; }
  } liar;
  ExpectSeenBy("invariant 1", liar);
}

TEST(Sabotage, AStaleStreamWithTheNewAttachmentIsASecondTruth) {
  struct : Saboteur {
    bool ForgesAttachment() override { return true; }
  } forger;
  ExpectSeenBy("invariant 3", forger);
}

TEST(Sabotage, TheCloseOfAStreamThatStoodByIsNotItsSessions) {
  struct : Saboteur {
    bool TakesStandbyForSession() override { return true; }
  } confused;
  ExpectSeenBy("make before break", confused);
  ExpectSeenBy("invariant 1", confused);
}

TEST(Sabotage, AStreamThatStandsByForEverHidesThatTheLastHasClosed) {
  struct : Saboteur {
    bool LosesStandbysClose() override { return true; }
  } forgetful;
  // It takes one that closes after all others, while the server is well.
  ExpectSeenBy("invariant 2", forgetful, 2'000);
}

TEST(Sabotage, WhoSpeaksOnAStreamThatStoodByIsToBeHeard) {
  struct : Saboteur {
    bool ForgetsToTakeOver() override { return true; }
  } deaf;
  ExpectSeenBy("make before break", deaf);
}

TEST(Sabotage, AnOldRecordShownAgainIsASecondTruth) {
  struct : Saboteur {
    void Shown(std::vector<core::RecordPtr>& records) override {
      if (records.empty()) return;
      if (old != nullptr && old->client_id() == records[0]->client_id() &&
          old->incarnation < records[0]->incarnation) {
        records[0] = old;
      } else {
        old = records[0];
      }
    }
    core::RecordPtr old;
  } archivist;
  ExpectSeenBy("invariant 3", archivist);
}

TEST(Sabotage, ATransitionThatIsNotToldIsALie) {
  struct : Saboteur {
    void Pulled(registry::WatchItem& item) override {
      if (item.batches.empty()) return;
      auto rest = item.batches.back()->transitions();
      const auto groups = item.batches.back()->groups();
      if (rest.empty() || rest.back()->after->state != State::kAlive) return;
      rest.pop_back();
      item.batches.pop_back();
      if (!rest.empty() || !groups.empty())
        item.batches.push_back(std::make_shared<registry::Batch>(std::move(rest), groups));
    }
  } censor;
  ExpectSeenBy("invariant 4", censor);
}

TEST(Sabotage, AGapThatIsNotToldIsALie) {
  struct : Saboteur {
    void Pulled(registry::WatchItem& item) override { item.gap.reset(); }
  } flatterer;
  ExpectSeenBy("invariant 4", flatterer);
}

TEST(Sabotage, AChangeWithoutATransitionIsALie) {
  struct : Saboteur {
    void Shown(std::vector<core::RecordPtr>& records) override {
      for (auto& record : records) {
        if (record->state != State::kDead) continue;
        auto painted = std::make_shared<core::ClientRecord>(*record);
        painted->cause = core::Cause::kHostUnreachable;
        record = painted;
      }
    }
  } painter;
  ExpectSeenBy("invariant 4", painter);
}

TEST(Sabotage, ADeathToldTwiceIsOneTooMany) {
  struct : Saboteur {
    void Pulled(registry::WatchItem& item) override {
      for (auto& batch : item.batches) {
        auto told = batch->transitions();
        if (told.empty() || told.back()->after->state != State::kDead) continue;
        told.push_back(told.back());
        batch = std::make_shared<registry::Batch>(std::move(told), batch->groups());
      }
    }
  } echo;
  ExpectSeenBy("invariant 6", echo);
}

TEST(Sabotage, ADeathThatIsNotToldIsMissed) {
  struct : Saboteur {
    void Pulled(registry::WatchItem& item) override {
      for (auto& batch : item.batches) {
        auto told = batch->transitions();
        std::erase_if(told, [](const auto& each) { return each->after->state == State::kDead; });
        const bool none = told.empty() && batch->groups().empty();
        batch = none ? nullptr : std::make_shared<registry::Batch>(std::move(told), batch->groups());
      }
      std::erase(item.batches, nullptr);
    }
  } undertaker;
  ExpectSeenBy("invariant 6", undertaker);
}

TEST(Sabotage, AMassFailureThatAWatcherIsNotToldOfIsMissed) {
  struct : Saboteur {
    void Pulled(registry::WatchItem& item) override {
      for (auto& batch : item.batches) {
        if (batch->groups().empty()) continue;
        const bool none = batch->transitions().empty();
        batch = none ? nullptr : std::make_shared<registry::Batch>(batch->transitions());
      }
      std::erase(item.batches, nullptr);
    }
  } censor;
  ExpectSeenBy("mass failure", censor);
}

TEST(Sabotage, AMassFailureThatTheRegistryKeepsToItselfIsMissed) {
  struct : Saboteur {
    void Told(std::vector<core::TransitionPtr>& told) override {
      for (auto& each : told) {
        if (each->groups == nullptr) continue;
        auto silent = *each;
        silent.groups = nullptr;
        each = std::make_shared<const core::Transition>(std::move(silent));
      }
    }
  } keeper;
  ExpectSeenBy("mass failure", keeper);
}

TEST(Sabotage, AMassFailureToldWithEveryFallIsTooMany) {
  struct : Saboteur {
    void Told(std::vector<core::TransitionPtr>& told) override {
      for (auto& each : told) {
        if (each->after->state != State::kSuspect) continue;
        auto loud = *each;
        loud.groups = std::make_shared<const core::GroupEvents>(
            core::GroupEvents{{"everyone", 1, 1, each->revision(), each->time}});
        each = std::make_shared<const core::Transition>(std::move(loud));
      }
    }
  } crier;
  ExpectSeenBy("mass failure", crier);
}

}  // namespace
}  // namespace liveness::simulation
