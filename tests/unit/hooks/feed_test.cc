#include "server/hooks/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/storage/notes/local_notes.h"
#include "tests/unit/hooks/fake_history.h"

namespace liveness::hooks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FeedTest : public ::testing::Test {
 protected:
  FeedTest() {
    notes_.Stand([] {});
    groups_.Begin(notes_.term());
  }
  Feed Make(std::uint64_t revision = 1'000) {
    return Feed({history_, groups_, history_id_, 1'000}, hook_, {history_id_, revision, 0});
  }
  // The subjects of all that comes, each popped; a gap as `gap AFTER-UNTIL`.
  static std::vector<std::string> Drain(Feed& feed) {
    std::vector<std::string> subjects;
    do {
      while (const EventPtr event = feed.Head()) {
        subjects.push_back(event->kind == EventKind::kGap ? GapText(*event) : event->subject);
        feed.Pop();
      }
    } while (feed.has_more());
    return subjects;
  }
  static std::string GapText(const Event& event) {
    std::string text = "gap";
    for (const std::string& variable : event.environment) {
      if (variable.find("_AFTER_REVISION=") != std::string::npos ||
          variable.find("_AT_REVISION=") != std::string::npos) {
        text += " " + variable.substr(variable.find('=') + 1);
      }
    }
    return text;
  }

  FakeHistory history_;
  storage::LocalNotes notes_;
  std::string history_id_ = "h1";
  KeptGroups groups_{notes_, history_id_};
  HookConfig hook_;
};

TEST_F(FeedTest, GivesAllInOrderFromWhereItStands) {
  history_.Add("shop-1");
  history_.Add("shop-2");
  history_.Add("shop-3", core::State::kAlive);
  Feed feed = Make(1'001);
  EXPECT_THAT(Drain(feed), ElementsAre("clients/shop-2/DEAD", "clients/shop-3/ALIVE"));
  EXPECT_EQ(feed.position(), (Position{"h1", 1'003, 0}));
  EXPECT_THAT(Drain(feed), IsEmpty());
  history_.Add("shop-4");
  EXPECT_THAT(Drain(feed), ElementsAre("clients/shop-4/DEAD"));
}

TEST_F(FeedTest, TheHeadStaysUntilItIsPoppedAndIsMadeOnce) {
  history_.Add("shop-1");
  Feed feed = Make();
  const EventPtr head = feed.Head();
  EXPECT_EQ(feed.Head(), head);
  EXPECT_EQ(feed.position().revision, 1'000u);
  feed.Pop();
  EXPECT_EQ(feed.position().revision, 1'001u);
}

TEST_F(FeedTest, LooksInSlicesAndHoldsNoMoreThanOne) {
  for (int n = 0; n < 5'000; ++n) history_.Add("shop-" + std::to_string(n));
  Feed feed = Make();
  ASSERT_NE(feed.Head(), nullptr);
  EXPECT_EQ(history_.reads(), 1u);
  EXPECT_EQ(feed.waiting(), Feed::kSlice);
  EXPECT_THAT(Drain(feed), SizeIs(5'000));
}

TEST_F(FeedTest, WhatItsFilterLetsThroughAndItsPlaceBeyond) {
  hook_.filter = "labels.team = shop";
  history_.Add("shop-1");
  history_.Add("bank-1");
  history_.Add("shop-2");
  history_.Add("bank-2");
  Feed feed = Make();
  (void)feed.Head();
  feed.Pop();
  EXPECT_EQ(feed.position().revision, 1'002u) << "with what is not wanted before the next";
  EXPECT_THAT(Drain(feed), ElementsAre("clients/shop-2/DEAD"));
  EXPECT_EQ(feed.position().revision, 1'004u) << "a restart does not look at it again";
}

TEST_F(FeedTest, ASliceOfNothingWantedIsNotTheEnd) {
  hook_.filter = "labels.team = shop";
  history_.set_most(2);
  for (int n = 0; n < 5; ++n) history_.Add("bank-1");
  history_.Add("shop-1");
  Feed feed = Make();
  EXPECT_EQ(feed.Head(), nullptr);
  EXPECT_TRUE(feed.has_more());
  EXPECT_EQ(feed.position().revision, 1'002u);
  EXPECT_THAT(Drain(feed), ElementsAre("clients/shop-1/DEAD"));
}

TEST_F(FeedTest, MaintenanceIsSilentUnlessItIsAskedFor) {
  using core::Health;
  using core::State;
  history_.Add("shop-1", State::kAlive, Health::kMaintenance);
  history_.Add("shop-1", State::kDead, Health::kMaintenance);
  history_.Add("shop-1", State::kDead, Health::kOk);
  Feed feed = Make();
  EXPECT_THAT(Drain(feed), ElementsAre("clients/shop-1/DEAD")) << "it is dead, and not excused any more";
  EXPECT_EQ(feed.silenced(), 2u);
  hook_.include_maintenance = true;
  Feed all = Make();
  EXPECT_THAT(Drain(all), SizeIs(3));
  EXPECT_EQ(all.silenced(), 0u);
}

TEST_F(FeedTest, ARevisionIsPassedWithItsLastEvent) {
  history_.Add("shop-1");
  history_.Add("shop-2");
  history_.AddTogether("shop-3");
  history_.Add("shop-4");
  Feed feed = Make();
  const auto pop = [&] {
    (void)feed.Head();
    feed.Pop();
    return feed.position().revision;
  };
  EXPECT_EQ(pop(), 1'001u);
  EXPECT_EQ(pop(), 1'001u) << "shop-2: shop-3 is of the same revision";
  EXPECT_EQ(pop(), 1'002u);
  EXPECT_EQ(pop(), 1'003u);
}

TEST_F(FeedTest, AGroupEventComesBeforeTheFallThatCompletedIt) {
  hook_.filter = "labels.team = bank";
  history_.Add("shop-1", core::State::kSuspect, core::Health::kOk, {{"host=db-7", 7, 12}});
  Feed feed = Make();
  EXPECT_THAT(Drain(feed), ElementsAre("groups/host=db-7")) << "whatever the filter: it is about many";
  hook_.filter = "";
  Feed both = Make();
  EXPECT_THAT(Drain(both), ElementsAre("groups/host=db-7", "clients/shop-1/SUSPECT"));
  hook_.groups = false;
  Feed transitions = Make();
  EXPECT_THAT(Drain(transitions), ElementsAre("clients/shop-1/SUSPECT"));
  hook_.groups = true;
  hook_.transitions = false;
  Feed groups = Make();
  EXPECT_THAT(Drain(groups), ElementsAre("groups/host=db-7"));
}

TEST_F(FeedTest, AGroupEventThatHistoryForgotIsFoundInTheNotes) {
  const std::uint64_t revision = history_.Add("shop-1", core::State::kSuspect);
  groups_.Keep({"host=db-7", 7, 12, revision});
  // Another process, after a restart.
  KeptGroups again(notes_, history_id_);
  again.Begin(notes_.term());
  Feed feed({history_, again, history_id_, 5'000}, hook_, {history_id_, 1'000, 0});
  EXPECT_THAT(Drain(feed), ElementsAre("groups/host=db-7", "clients/shop-1/SUSPECT"));
}

TEST_F(FeedTest, WhatWasCompactedIsAGapInItsPlace) {
  for (int n = 0; n < 10; ++n) history_.Add("shop-" + std::to_string(n));
  history_.CompactUpTo(1'008);
  Feed feed = Make(1'002);
  EXPECT_THAT(Drain(feed), ElementsAre("gap 1002 1008", "clients/shop-8/DEAD", "clients/shop-9/DEAD"));
  Feed later({history_, groups_, history_id_, 1'000}, hook_, {history_id_, 1'002, 1'008});
  EXPECT_THAT(Drain(later), SizeIs(2)) << "the receiver knows already";
}

TEST_F(FeedTest, AGapIsToldOnceAndWhatIsKnownWithinItFollows) {
  history_.Add("shop-1");
  history_.AddGap(1'001, 1'010);
  Feed feed = Make();
  EXPECT_THAT(Drain(feed), ElementsAre("clients/shop-1/DEAD", "gap 1001 1010"));
  EXPECT_EQ(feed.position(), (Position{"h1", 1'001, 1'010})) << "more of it may come";
  history_.Add("shop-2");
  EXPECT_THAT(Drain(feed), ElementsAre("clients/shop-2/DEAD"));
  history_.AddGap(1'011, 1'020);
  history_.Add("shop-3");
  EXPECT_THAT(Drain(feed), ElementsAre("gap 1011 1020", "clients/shop-3/DEAD"));
}

TEST_F(FeedTest, AGapBeyondAPageIsToldInItsPlace) {
  history_.set_most(2);
  for (int n = 0; n < 4; ++n) history_.Add("shop-" + std::to_string(n));
  history_.AddGap(1'004, 1'010);
  history_.Add("shop-4");
  Feed feed = Make();
  const auto all = Drain(feed);
  ASSERT_THAT(all, SizeIs(6));
  EXPECT_EQ(all[4], "gap 1004 1010");
}

TEST_F(FeedTest, APlaceInAnotherHistoryIsAGapUpToWhereThisServerBegan) {
  history_.Add("shop-1");
  Feed feed({history_, groups_, history_id_, 1'000}, hook_, {"other", 77'000, 0});
  EXPECT_EQ(feed.position().history_id, "other") << "until the receiver knows";
  EXPECT_THAT(Drain(feed), ElementsAre("gap 77000 1000", "clients/shop-1/DEAD"));
  EXPECT_EQ(feed.position(), (Position{"h1", 1'001, 1'000}));
}

TEST(PositionTest, IsReadAsItWasWritten) {
  const Position position{"0123456789abcdef", 18'000'000'000'000'000'000u, 17};
  EXPECT_EQ(DecodePosition(EncodePosition(position)), position);
  for (const char* text :
       {"", "h1", "h1 ", "h1 1", "h1 1 ", "h1 1 2 3", " 1 2", "h1 x 2", "h1 1 99999999999999999999"}) {
    EXPECT_EQ(DecodePosition(text), std::nullopt) << text;
  }
}

TEST(KeptGroupsTest, AreBoundedAndDroppedWhenNobodyNeedsThem) {
  storage::LocalNotes notes;
  notes.Stand([] {});
  KeptGroups groups(notes, "h1");
  groups.Keep({"nobody leads", 1, 2, 1});
  groups.Begin(notes.term());
  for (std::uint64_t n = 1; n <= KeptGroups::kMost + 3; ++n) groups.Keep({"everyone", 7, 12, n});
  groups.Keep({"host=a", 1, 2, 100});
  groups.Keep({"host=a", 1, 2, 100});
  EXPECT_THAT(notes.Read(notes.term(), "groups/"), SizeIs(KeptGroups::kMost));
  EXPECT_THAT(groups.Find(3), IsEmpty());
  ASSERT_THAT(groups.Find(100), SizeIs(2));
  EXPECT_EQ(groups.Find(100)[0].scope, "everyone");
  EXPECT_EQ(groups.Find(100)[1].affected, 1);
  groups.DropUpTo(100);
  EXPECT_THAT(groups.Find(100), IsEmpty());
  EXPECT_THAT(groups.Find(101), SizeIs(1));
  KeptGroups other_history(notes, "h2");
  other_history.Begin(notes.term());
  EXPECT_THAT(notes.Read(notes.term(), "groups/"), IsEmpty());
}

}  // namespace
}  // namespace liveness::hooks
