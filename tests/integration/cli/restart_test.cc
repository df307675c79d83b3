// What is told of clients that ended before their server was started again.
#include <gmock/gmock.h>
#include <signal.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "tests/integration/cli/cli_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class RestartTest : public CliTest {
 protected:
  void SetUp() override { StartServer(); }
  void StartServer() {
    server_ = ServerProcess::Start(
        {ServerProcess::ListenOnOwnAddress(), "--data-dir=" + dir_.path().string(), "--restart-grace=1s"});
    ASSERT_NE(server_, nullptr);
  }
  // As JSON tells it; the infinite past if it does not.
  absl::Time LastHeartbeat(const std::string& id) const {
    const std::string json = Run({"get", id, "-o", "json"}).out;
    static constexpr std::string_view kKey = "\"last_heartbeat_time\": \"";
    const std::size_t at = json.find(kKey);
    if (at == std::string::npos) return absl::InfinitePast();
    const std::string text =
        json.substr(at + kKey.size(), json.find('"', at + kKey.size()) - at - kKey.size());
    absl::Time time;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) << text;
    return time;
  }

  TempDir dir_;
};

TEST_F(RestartTest, TheLastHeartbeatOfTheDeadIsKnownAndOfTheLostNotInvented) {
  const auto killed = Beat("killed");
  const auto left = Beat("left");
  const auto lost = Start({"beat", "--id=lost", "--interval=200ms", "--timeout=1s"});
  ASSERT_TRUE(Becomes("lost", "STATE_ALIVE"));
  killed->Signal(SIGKILL);
  left->Signal(SIGTERM);
  ASSERT_TRUE(Becomes("killed", "STATE_DEAD"));
  ASSERT_TRUE(Becomes("left", "STATE_LEFT"));
  const absl::Time killed_at = LastHeartbeat("killed");
  const absl::Time left_at = LastHeartbeat("left");
  server_->Signal(SIGKILL);
  server_->WaitForExit(kPatience);
  lost->Signal(SIGKILL);
  StartServer();
  ASSERT_TRUE(Becomes("lost", "STATE_DEAD"));
  EXPECT_GT(killed_at, absl::InfinitePast());
  // Each is reckoned from two clocks that are not read in one moment.
  EXPECT_LT(absl::AbsDuration(LastHeartbeat("killed") - killed_at), absl::Seconds(1));
  EXPECT_LT(absl::AbsDuration(LastHeartbeat("left") - left_at), absl::Seconds(1));
  EXPECT_EQ(Run({"list", "-o", "name", "--filter=last_heartbeat_age < 10m"}).out,
            "clients/killed\nclients/left\n");
  const std::string get = Run({"get", "lost"}).out;
  EXPECT_THAT(get, ContainsRegex("Last heartbeat: +<none>"));
  EXPECT_THAT(get, Not(HasSubstr("Silence")));
}

}  // namespace
}  // namespace liveness::testing
