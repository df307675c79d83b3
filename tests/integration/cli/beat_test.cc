// `livenessctl beat`: how it lives, and how its end is told.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/cli/cli_process.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using BeatTest = CliTest;

TEST_F(BeatTest, EndsWithAGoodbye) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto beat = Beat("web-1");
    beat->Signal(signal);
    EXPECT_EQ(beat->Wait(), 0) << beat->Err();
    EXPECT_THAT(beat->Out(), HasSubstr("LIVE  incarnation"));
    EXPECT_THAT(Run({"get", "web-1"}).out, HasSubstr("LEFT"));
  }
}

TEST_F(BeatTest, TheYoungerSupersedesTheOlder) {
  const auto older = Beat("web-1");
  const auto younger = Beat("web-1");
  EXPECT_EQ(older->Wait(), 7) << older->Err();
  EXPECT_THAT(older->Err(), HasSubstr("web-1 was superseded"));
  EXPECT_TRUE(Becomes("web-1", "STATE_ALIVE"));
}

TEST_F(BeatTest, AnEvictedOneStops) {
  const auto beat = Beat("web-1");
  const CliResult evict = Run({"evict", "web-1", "--reason=scrapped"});
  EXPECT_EQ(evict.code, 0) << evict.err;
  EXPECT_EQ(evict.out, "clients/web-1 evicted\n");
  EXPECT_EQ(beat->Wait(), 8) << beat->Err();
  EXPECT_THAT(Run({"get", "web-1"}).out, HasSubstr("EVICTED"));
}

TEST_F(BeatTest, ABadIdIsAUsageError) { EXPECT_EQ(Run({"beat", "--id=" + std::string(129, 'x')}).code, 2); }

TEST_F(BeatTest, ACommandThatSucceedsHasLeft) {
  const CliResult beat = Run({"beat", "--id=job", "--", "sh", "-c", "sleep 0.5; echo done"});
  EXPECT_EQ(beat.code, 0) << beat.err;
  EXPECT_EQ(beat.out, "done\n");  // stdout is the command's alone
  EXPECT_THAT(Run({"get", "job"}).out, HasSubstr("LEFT"));
}

TEST_F(BeatTest, ACommandThatFailsIsDead) {
  EXPECT_EQ(Run({"beat", "--id=job", "--", "sh", "-c", "sleep 0.5; exit 3"}).code, 3);
  const CliResult get = Run({"get", "job", "-o", "json"});
  EXPECT_THAT(get.out, HasSubstr("STATE_DEAD"));
  EXPECT_THAT(get.out, HasSubstr("CAUSE_PROCESS_EXITED"));
  EXPECT_THAT(get.out, HasSubstr("\"exit_code\": 3"));
}

TEST_F(BeatTest, ASegfaultIsADeath) {
  EXPECT_EQ(Run({"beat", "--id=job", "--", "sh", "-c", "sleep 0.5; kill -SEGV $$"}).code, 128 + SIGSEGV);
  const CliResult get = Run({"get", "job", "-o", "json"});
  EXPECT_THAT(get.out, HasSubstr("STATE_DEAD"));
  EXPECT_THAT(get.out, HasSubstr("CAUSE_PROCESS_EXITED"));
  EXPECT_THAT(get.out, HasSubstr("\"signal\": 11"));
}

TEST_F(BeatTest, ASignalIsPassedOnAndACommandThatObeysHasLeft) {
  const auto beat = Beat("job", {"--", "sleep", "600"});
  beat->Signal(SIGTERM);
  EXPECT_EQ(beat->Wait(), 128 + SIGTERM);
  EXPECT_THAT(Run({"get", "job"}).out, HasSubstr("LEFT"));
}

TEST_F(BeatTest, TheCommandsPidIsTheClients) {
  const auto beat = Beat("job", {"--", "sh", "-c", "echo pid=$$=; exec sleep 600"});
  ASSERT_TRUE(beat->Says("pid="));
  const std::string out = beat->Out();
  const std::string pid = out.substr(4, out.find('=', 4) - 4);
  EXPECT_THAT(Run({"get", "job", "-o", "json"}).out, HasSubstr("\"pid\": " + pid + ","));
  beat->Signal(SIGTERM);
  EXPECT_EQ(beat->Wait(), 128 + SIGTERM);
}

TEST_F(BeatTest, TheCommandInheritsNoConnection) {
  const auto beat =
      Beat("job", {"--", "sh", "-c", "sleep 1; ls -l /proc/$$/fd; echo listed; exec sleep 600"});
  ASSERT_TRUE(beat->Says("listed"));
  EXPECT_THAT(beat->Out(), Not(HasSubstr("socket:")));
  EXPECT_THAT(beat->Out(), Not(HasSubstr("eventfd")));
  beat->Signal(SIGTERM);
  beat->Wait();
}

TEST_F(BeatTest, ACommandThatCannotRunIsTold) {
  EXPECT_EQ(Run({"beat", "--id=job", "--", "/nonexistent"}).code, 127);
  EXPECT_EQ(Run({"beat", "--id=job", "--", "/etc/passwd"}).code, 126);
  EXPECT_EQ(Run({"get", "job"}).code, 3);  // nobody was ever there
}

TEST_F(BeatTest, AnEvictedCommandRunsOnUnlessToldOtherwise) {
  const std::filesystem::path may_end = ::testing::TempDir() + "may-end-" + std::to_string(getpid());
  const auto keeps =
      Beat("keeps", {"--", "sh", "-c", "until [ -e $0 ]; do sleep 0.05; done; exit 5", may_end});
  const auto stops = Beat("stops", {"--stop-when-fenced", "--", "sleep", "600"});
  EXPECT_EQ(Run({"evict", "keeps", "stops"}).code, 0);
  EXPECT_EQ(stops->Wait(), 8) << stops->Err();
  std::ofstream{may_end};
  EXPECT_EQ(keeps->Wait(), 5) << keeps->Err();
  std::filesystem::remove(may_end);
}

TEST_F(BeatTest, ComesBackWhenTheServerDoes) {
  const auto beat = Beat("web-1");
  const std::string address = server_->address();
  server_->Stop();
  server_ = ServerProcess::Start({"--listen=" + address});
  ASSERT_NE(server_, nullptr);
  EXPECT_TRUE(Becomes("web-1", "STATE_ALIVE")) << beat->Out();
  beat->Signal(SIGTERM);
  EXPECT_EQ(beat->Wait(), 0);
}

}  // namespace
}  // namespace liveness::testing
