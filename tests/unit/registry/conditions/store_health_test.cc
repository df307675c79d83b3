#include "server/registry/conditions/store_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/stores/manual_store.h"

namespace liveness::registry {
namespace {

using core::Duration;
using core::MonoTime;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = WitnessEvent::Kind;

MonoTime At(Duration since_start) { return MonoTime(seconds(1'000)) + since_start; }

struct Watched {
  explicit Watched(bool shared)
      : store(ledger, shared ? testing::ManualStore::Kind::kShared : testing::ManualStore::Kind::kOwn),
        health(store, seconds(5)) {}

  // What is told of a look then.
  std::vector<WitnessEvent> Follow(Duration at) {
    Effects effects;
    health.Follow(At(at), effects);
    return effects.witness;
  }
  std::vector<Kind> Kinds(Duration at) {
    std::vector<Kind> kinds;
    for (const WitnessEvent& event : Follow(at)) kinds.push_back(event.kind);
    return kinds;
  }

  testing::Ledger ledger;
  testing::ManualStore store;
  StoreHealth health;
};

TEST(StoreHealth, AnOutageIsToldWhenItBeginsAndWithItsLengthWhenItEnds) {
  Watched w(false);
  EXPECT_THAT(w.Kinds(seconds(0)), IsEmpty());
  w.store.set_health(absl::UnavailableError("no disk"));
  const auto failed = w.Follow(seconds(1));
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].kind, Kind::kStoreFails);
  EXPECT_EQ(failed[0].text, "no disk");
  EXPECT_TRUE(w.health.fails());
  EXPECT_THAT(w.Kinds(seconds(2)), IsEmpty());
  w.store.set_health(absl::OkStatus());
  const auto back = w.Follow(seconds(4));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].kind, Kind::kStoreBack);
  EXPECT_EQ(back[0].length, seconds(3));
  EXPECT_FALSE(w.health.fails());
}

TEST(StoreHealth, TheStoreIsNotAskedAtEachTick) {
  Watched w(false);
  (void)w.Follow(seconds(0));
  w.store.set_health(absl::UnavailableError(""));
  EXPECT_THAT(w.Kinds(milliseconds(99)), IsEmpty());
  EXPECT_THAT(w.Kinds(milliseconds(100)), ElementsAre(Kind::kStoreFails));
}

TEST(StoreHealth, WhoCouldNotComeBackHasTheirTimeFromTheEndOfASharedStoresOutage) {
  for (const bool shared : {false, true}) {
    Watched w(shared);
    w.store.set_health(absl::UnavailableError(""));
    (void)w.Follow(seconds(1));
    w.store.set_health(absl::OkStatus());
    (void)w.Follow(seconds(4));
    EXPECT_EQ(w.health.back_since(), shared ? At(seconds(4)) : MonoTime::min());
  }
}

TEST(StoreHealth, ALostLeaseIsToldAndEndsWhatIsVouchedFor) {
  Watched w(true);
  EXPECT_EQ(w.health.Vouch(seconds(9), seconds(9), At(seconds(0))), seconds(9)) << "nobody was asked yet";
  (void)w.Follow(seconds(1));
  EXPECT_EQ(w.health.Vouch(seconds(9), seconds(9), At(seconds(1))), seconds(9));
  EXPECT_EQ(w.health.Vouch(seconds(3), seconds(3), At(seconds(1))), seconds(3));
  w.store.set_has_lease(false);
  EXPECT_THAT(w.Kinds(seconds(2)), ElementsAre(Kind::kLeaseLost));
  // The others give a client max(its timeout, 5 s) from when they take this server for gone.
  EXPECT_EQ(w.health.Vouch(seconds(3), seconds(3), At(seconds(3))), seconds(3));
  EXPECT_EQ(w.health.Vouch(seconds(3), seconds(3), At(seconds(4))), seconds(2));
  EXPECT_EQ(w.health.Vouch(seconds(3), seconds(3), At(seconds(9))), Duration::zero());
  w.store.set_has_lease(true);
  const auto back = w.Follow(seconds(9));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].kind, Kind::kLeaseBack);
  EXPECT_EQ(back[0].length, seconds(7));
  EXPECT_EQ(w.health.Vouch(seconds(3), seconds(3), At(seconds(9))), seconds(3));
}

TEST(StoreHealth, ASingleServerVouchesWhateverItsStoreSays) {
  Watched w(false);
  (void)w.Follow(seconds(0));
  w.store.set_has_lease(false);
  (void)w.Follow(seconds(1));
  EXPECT_EQ(w.health.Vouch(seconds(9), seconds(9), At(seconds(100))), seconds(9));
}

}  // namespace
}  // namespace liveness::registry
