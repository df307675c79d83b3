// `livenessctl --server=A,B,...` where the first hosts are gone.
#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <thread>

#include "tests/integration/cli/cli_process.h"
#include "tests/support/dead_addresses.h"

namespace liveness::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

class DeadServersTest : public CliTest {
 protected:
  // One that is gone, one that refuses, two that are gone.
  const DeadAddresses first_{1};
  const DeadAddresses more_{2};
  const std::string dead_ = first_.text() + ",127.0.0.1:1," + more_.text();
};

TEST_F(DeadServersTest, TheGoodOneBehindThemIsFoundInTime) {
  const auto begun = steady_clock::now();
  CliProcess list({"--server=" + dead_ + "," + server_->address(), "--timeout=4s", "list"});
  EXPECT_EQ(list.Wait(), 0) << list.Err();
  // At 2 s for each of the three that are gone it would be 6.
  EXPECT_LT(steady_clock::now() - begun, milliseconds(4'000));
}

TEST_F(DeadServersTest, AWatchFindsItToo) {
  CliProcess watch({"--server=" + dead_ + "," + server_->address(), "--timeout=4s", "watch"});
  const auto begun = steady_clock::now();
  EXPECT_TRUE(watch.Says("# snapshot of 0 clients complete")) << watch.Err();
  EXPECT_LT(steady_clock::now() - begun, milliseconds(4'000));
  watch.Signal(SIGTERM);
  EXPECT_EQ(watch.Wait(), 0);
}

TEST_F(DeadServersTest, WithoutAGoodOneItEndsInTimeAndSaysWhyOfEach) {
  const auto begun = steady_clock::now();
  CliProcess list({"--server=" + dead_, "--timeout=1s", "list"});
  EXPECT_NE(list.Wait(), 0);
  EXPECT_LT(steady_clock::now() - begun, milliseconds(4'000));
  EXPECT_THAT(list.Err(), HasSubstr("no connection within 1s"));
  EXPECT_THAT(list.Err(), HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(list.Err(), HasSubstr("refused"));
}

TEST_F(DeadServersTest, AStopIsNotKeptWaiting) {
  CliProcess watch({"--server=" + more_.text(), "--timeout=1m", "watch"});
  std::this_thread::sleep_for(milliseconds(500));
  const auto begun = steady_clock::now();
  watch.Signal(SIGTERM);
  EXPECT_EQ(watch.Wait(), 0) << watch.Err();
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(10));
}

}  // namespace
}  // namespace liveness::testing
