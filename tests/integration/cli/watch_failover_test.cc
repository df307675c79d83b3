// `livenessctl --server=A,B watch`: one story, told by one server after another.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/cli/cli_process.h"
#include "tests/support/fake_watch_server.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

const std::atomic<bool> kNever{false};

// Servers of one cluster have one history; the first has told its end.
class WatchFailoverTest : public ::testing::Test {
 protected:
  std::unique_ptr<CliProcess> Watch(const FakeWatchServer& second) {
    return std::make_unique<CliProcess>(
        std::vector<std::string>{"--server=" + first_.address() + "," + second.address(), "watch"});
  }

  std::atomic<bool> first_is_gone_{false};
  FakeWatchServer first_{[this](FakeWatch& watch) {
    if (!first_is_gone_) watch.Snapshot("web-1", 10, "h");
    watch.Stay(first_is_gone_);
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away");
  }};
};

TEST_F(WatchFailoverTest, TheNextServerGoesOnWhereTheFirstStopped) {
  FakeWatchServer second([](FakeWatch& watch) {
    watch.Death("web-1", 12, "h");
    watch.Stay(kNever);
    return grpc::Status::OK;
  });
  const auto watch = Watch(second);
  ASSERT_TRUE(watch->Says("# snapshot of 1 client complete at revision 10")) << watch->Err();
  first_is_gone_ = true;
  EXPECT_TRUE(watch->Says("SUSPECT -> DEAD"));
  EXPECT_THAT(watch->Out(), ContainsRegex("# disconnected at .* after revision 10"));
  EXPECT_THAT(watch->Out(),
              ContainsRegex("# resumed at " + second.address() + " after .*, from revision 10"));
  EXPECT_THAT(watch->Out(), Not(HasSubstr("GAP")));
  ASSERT_EQ(second.requests().size(), 1u);
  EXPECT_EQ(second.requests()[0].start_revision(), 10u);
  EXPECT_EQ(second.requests()[0].history_id(), "h");
  watch->Signal(SIGTERM);
  EXPECT_EQ(watch->Wait(), 0);
}

// A server of a cluster hears of a change a little later than the one that made it.
TEST_F(WatchFailoverTest, AServerThatIsNotThereYetIsNoGap) {
  std::atomic<int> asked{0};
  FakeWatchServer second([&](FakeWatch& watch) {
    if (++asked <= 2) return grpc::Status(grpc::StatusCode::OUT_OF_RANGE, "revision 10 is yet to come");
    watch.Death("web-1", 12, "h");
    watch.Stay(kNever);
    return grpc::Status::OK;
  });
  const auto watch = Watch(second);
  ASSERT_TRUE(watch->Says("# snapshot of 1 client complete at revision 10")) << watch->Err();
  first_is_gone_ = true;
  EXPECT_TRUE(watch->Says("SUSPECT -> DEAD"));
  EXPECT_GE(asked, 3);
  EXPECT_THAT(watch->Out(), Not(HasSubstr("GAP")));
}

TEST_F(WatchFailoverTest, AGapThatTheNextServerTellsIsShown) {
  FakeWatchServer second([](FakeWatch& watch) {
    v1::WatchClientsResponse gap;
    gap.mutable_gap()->set_after_revision(watch.request().start_revision());
    gap.mutable_gap()->set_resumes_at_revision(40);
    watch.Write(gap);
    watch.Snapshot("web-2", 40, "h");
    watch.Stay(kNever);
    return grpc::Status::OK;
  });
  const auto watch = Watch(second);
  ASSERT_TRUE(watch->Says("# snapshot of 1 client complete at revision 10")) << watch->Err();
  first_is_gone_ = true;
  EXPECT_TRUE(watch->Says("complete at revision 40"));
  EXPECT_THAT(watch->Out(), HasSubstr("# GAP: what happened after revision 10 is lost"));
}

using TwoHistoriesTest = CliTest;

TEST_F(TwoHistoriesTest, AServerOfAnotherHistoryIsFollowedAndTheGapTold) {
  const auto other = ServerProcess::Start({"--store=memory"});
  ASSERT_NE(other, nullptr);
  const auto beat = Beat("web-1");
  CliProcess watch({"--server=" + server_->address() + "," + other->address(), "watch"});
  ASSERT_TRUE(watch.Says("# snapshot of 1 client ")) << watch.Err();
  server_->Signal(SIGKILL);
  EXPECT_TRUE(watch.Says("# snapshot of 0 clients ")) << watch.Out();
  EXPECT_THAT(watch.Out(), ContainsRegex("# disconnected at(.|\n)*# resumed at " + other->address() +
                                         "(.|\n)*# GAP: (.|\n)*# snapshot of 0 clients"));
}

}  // namespace
}  // namespace liveness::testing
