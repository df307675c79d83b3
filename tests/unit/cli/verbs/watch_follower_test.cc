#include "client/cli/verbs/watch_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "client/cli/print/watch_printer.h"
#include "tests/support/manual_clock.h"

namespace liveness::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

v1::WatchClientsResponse Snapshot(std::uint64_t revision, bool done = true) {
  v1::WatchClientsResponse response;
  response.add_clients()->set_client_id("a");
  response.mutable_clients(0)->set_revision(revision);
  response.set_snapshot_done(done);
  response.set_revision(revision);
  response.set_history_id("h");
  return response;
}

v1::WatchClientsResponse Death(std::uint64_t revision) {
  v1::WatchClientsResponse response;
  v1::Transition& transition = *response.add_transitions();
  transition.set_client_id("a");
  transition.set_revision(revision);
  transition.set_from_state(v1::STATE_SUSPECT);
  transition.set_to_state(v1::STATE_DEAD);
  response.set_revision(revision);
  response.set_history_id("h");
  return response;
}

class WatchFollowerTest : public ::testing::Test {
 protected:
  testing::ManualClock clock_;
  std::ostringstream out_;
  Terminal terminal_{out_, out_, false, clock_};
  const GlobalSettings global_{.output = OutputFormat::kTable};
  WatchPrinter printer_{global_, terminal_};
  WatchFollower follower_{"state = DEAD", printer_};
};

TEST_F(WatchFollowerTest, ResumesAfterAllThatWasTold) {
  EXPECT_EQ(follower_.Request().start_revision(), 0u);
  follower_.BeginStream();
  follower_.Take(Snapshot(10));
  follower_.Take(Death(12));
  v1::WatchClientsResponse bookmark;
  bookmark.set_bookmark(true);
  bookmark.set_revision(15);
  bookmark.set_history_id("h");
  follower_.Take(bookmark);
  const v1::WatchClientsRequest request = follower_.Request();
  EXPECT_EQ(request.start_revision(), 15u);
  EXPECT_EQ(request.history_id(), "h");
  EXPECT_EQ(request.filter(), "state = DEAD");
}

TEST_F(WatchFollowerTest, HalfASnapshotIsNoGroundToResumeFrom) {
  follower_.BeginStream();
  follower_.Take(Snapshot(10, false));
  EXPECT_EQ(follower_.Request().start_revision(), 0u);
  follower_.BeginStream();
  follower_.Take(Snapshot(10));
  EXPECT_EQ(follower_.Request().start_revision(), 10u);
}

TEST_F(WatchFollowerTest, WhatTheSnapshotHasIsNotToldAgain) {
  follower_.BeginStream();
  follower_.Take(Snapshot(10, false));
  follower_.Take(Death(9));
  EXPECT_THAT(out_.str(), Not(HasSubstr("DEAD")));
  follower_.Take(Death(11));
  EXPECT_THAT(out_.str(), HasSubstr("SUSPECT -> DEAD"));
}

TEST_F(WatchFollowerTest, AGapThatTheServerTellsIsToldAndASnapshotAwaited) {
  follower_.StartAt(10, "h");
  follower_.BeginStream();
  v1::WatchClientsResponse gap;
  gap.mutable_gap()->set_after_revision(10);
  follower_.Take(gap);
  EXPECT_THAT(out_.str(), HasSubstr("# GAP: what happened after revision 10 is lost"));
  EXPECT_EQ(follower_.Request().start_revision(), 0u);
  EXPECT_EQ(follower_.Request().history_id(), "");
}

TEST_F(WatchFollowerTest, AServerThatIsBehindIsGivenTimeFromTheLastThatWasHeard) {
  follower_.StartAt(10, "h");
  follower_.BeginStream();
  const common::MonoTime start(1000s);
  EXPECT_FALSE(follower_.IsBehindForGood(start));
  EXPECT_FALSE(follower_.IsBehindForGood(start + 59s));
  follower_.Take(Death(12));
  EXPECT_FALSE(follower_.IsBehindForGood(start + 61s));
  EXPECT_FALSE(follower_.IsBehindForGood(start + 120s));
  EXPECT_TRUE(follower_.IsBehindForGood(start + 121s));
  follower_.Forget(": why");
  EXPECT_THAT(out_.str(), HasSubstr("# GAP: what happened after revision 12 is lost: why"));
  EXPECT_EQ(follower_.Request().start_revision(), 0u);
  EXPECT_FALSE(follower_.IsBehindForGood(start + 122s));
}

}  // namespace
}  // namespace liveness::cli
