// What an operator is told of a client that is in trouble, or gone.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/cli/cli_process.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using EvidenceTest = CliTest;

TEST_F(EvidenceTest, AStoppedProcessIsToldFromADeadHost) {
  // The server asks half-way to the deadline: the answer of the kernel is a second younger than the silence.
  const auto beat = Start({"beat", "--id=web-1", "--interval=300ms", "--timeout=2s"});
  ASSERT_TRUE(Becomes("web-1", "STATE_ALIVE")) << beat->Err();
  beat->Signal(SIGSTOP);
  EXPECT_TRUE(Becomes("web-1", "CAUSE_PROCESS_STOPPED")) << Run({"get", "web-1"}).out;
  const std::string text = Run({"get", "web-1"}).out;
  EXPECT_THAT(text, ContainsRegex("\nCause: +PROCESS_STOPPED\n"));
  EXPECT_THAT(text, ContainsRegex("\n  Verdict: +its kernel still acknowledges, the process answers nothing: "
                                  "stopped or starved since "));
  EXPECT_THAT(text, ContainsRegex("\n  Confidence: +high\n"));
  EXPECT_THAT(text, ContainsRegex("\n  Kernel TCP: +last ack .* ago, 0 unacked, 0 retransmits"));
  EXPECT_THAT(text, ContainsRegex("\n  Transport: .*a probe waits for "));
  beat->Signal(SIGCONT);
}

TEST_F(EvidenceTest, TheLastWillOfAKilledOneIsRead) {
  const auto beat = Beat("db-1", {"--last-will=page the db team"});
  beat->Signal(SIGKILL);
  EXPECT_EQ(beat->Wait(), 128 + SIGKILL);
  ASSERT_TRUE(Becomes("db-1", "STATE_DEAD"));
  const CliResult words = Run({"get", "--last-words", "db-1"});
  EXPECT_EQ(words.code, 0) << words.err;
  EXPECT_THAT(words.out, StartsWith("Name:               db-1\nDied: "));
  EXPECT_THAT(words.out, HasSubstr("\nLast will:          page the db team\n"));
  EXPECT_THAT(Run({"get", "db-1"}).out, HasSubstr("\n  Last will:        page the db team\n"));
  EXPECT_THAT(Run({"get", "db-1", "--last-words", "-o", "yaml"}).out,
              HasSubstr("will: \"page the db team\"\n"));
  EXPECT_THAT(Run({"transitions", "db-1", "--filter=to_state = DEAD", "-o", "yaml"}).out,
              HasSubstr("will: \"page the db team\"\n"));
}

TEST_F(EvidenceTest, NoLastWordsIsASentenceAndNoError) {
  const auto beat = Beat("web-1");
  const CliResult words = Run({"get", "--last-words", "web-1"});
  EXPECT_EQ(words.code, 0) << words.err;
  EXPECT_THAT(words.out, StartsWith("No last words of web-1: it is ALIVE."));
}

TEST_F(EvidenceTest, AnAdaptiveOneShowsItsSuspicionLevel) {
  const auto beat = Beat("web-1", {"--detection=accrual", "--detection-threshold=6"});
  EXPECT_THAT(Run({"get", "web-1"}).out, ContainsRegex("\nDetection: +accrual, overdue at level 6, now at "));
  EXPECT_THAT(Run({"get", "web-1", "-o", "json"}).out, HasSubstr("DETECTION_METHOD_ACCRUAL"));
}

TEST_F(EvidenceTest, TheScorecardStandsBelowTheCounts) {
  const auto beat = Beat("web-1", {"--label=zone=eu"});
  const std::string text = Run({"stats"}).out;
  EXPECT_THAT(text, StartsWith("ALIVE   SUSPECT "));
  EXPECT_THAT(text,
              HasSubstr("\n\nDetection since the server started, of all clients:\n  Suspicions:       0\n"));
  EXPECT_THAT(text, HasSubstr("\n  Query accuracy:   100%\n"));
  EXPECT_THAT(Run({"stats", "-o", "table"}).out, Not(HasSubstr("Suspicions")));
  const std::string wide = Run({"stats", "--by-label=zone", "-o", "wide"}).out;
  EXPECT_THAT(wide,
              ContainsRegex("^ZONE .* TOTAL   DETECT-P50   DETECT-P99   DETECT-MAX   MISTAKES   PER-DAY   "
                            "ACCURACY\n"));
  EXPECT_THAT(wide,
              ContainsRegex("\neu .* 1       -            -            -            0          0         "
                            "100%\n"));
  EXPECT_THAT(wide, ContainsRegex("\n\\(all\\) .* 0          -         -\n"));
  EXPECT_THAT(
      Run({"stats", "--group-by=zone"}).out,
      ContainsRegex("\n\nZONE   DETECT-P50   DETECT-P99   DETECT-MAX   MISTAKES   PER-DAY   ACCURACY\neu "));
}

}  // namespace
}  // namespace liveness::testing
