#include "client/cli/print/check_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace liveness::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

v1::StateCounts Counts(std::int64_t alive, std::int64_t dead, std::int64_t maintenance = 0) {
  v1::StateCounts counts;
  counts.set_alive(alive);
  counts.set_dead(dead);
  counts.set_maintenance(maintenance);
  return counts;
}

TEST(CheckReportTest, SaysWhatThereIsAndWhatIsWanted) {
  const CheckReport ok = Judge(Counts(5, 0), 5, {.min = 3});
  EXPECT_EQ(ok.code, CheckCode::kOk);
  EXPECT_EQ(
      ok.line,
      "LIVENESS OK - 5 live, want at least 3 | live=5;;3:;0 alive=5;;;0 suspect=0;;;0 dead=0;;;0 left=0;;;0 "
      "stalled=0;;;0 maintenance=0;;;0");
  const CheckReport few = Judge(Counts(2, 1), 2, {.min = 3});
  EXPECT_EQ(few.code, CheckCode::kCritical);
  EXPECT_FALSE(few.too_many);
  EXPECT_THAT(few.line, StartsWith("LIVENESS CRITICAL - 2 live of 3 known, want at least 3 | live=2;;3:;0 "));
}

TEST(CheckReportTest, WarnsBeforeItIsCritical) {
  const CheckSettings settings{.min = 2, .warn_min = 4};
  EXPECT_EQ(Judge(Counts(4, 0), 4, settings).code, CheckCode::kOk);
  const CheckReport warning = Judge(Counts(3, 1), 3, settings);
  EXPECT_EQ(warning.code, CheckCode::kWarning);
  EXPECT_THAT(warning.line,
              StartsWith("LIVENESS WARNING - 3 live of 4 known, want at least 4 | live=3;4:;2:;0 "));
  const CheckReport critical = Judge(Counts(1, 3), 1, settings);
  EXPECT_EQ(critical.code, CheckCode::kCritical);
  EXPECT_THAT(critical.line, HasSubstr("want at least 2 |"));
}

TEST(CheckReportTest, WhoIsInMaintenanceIsMissedByNobody) {
  const CheckReport excused = Judge(Counts(2, 1, 1), 2, {.min = 3});
  EXPECT_EQ(excused.code, CheckCode::kOk);
  EXPECT_THAT(excused.line, StartsWith("LIVENESS OK - 2 live and 1 in maintenance, want at least 3 |"));
  EXPECT_EQ(Judge(Counts(1, 2, 1), 1, {.min = 3}).code, CheckCode::kCritical);
}

// One that is ALIVE and STALLED does not live, and is one leader too many all the same.
TEST(CheckReportTest, TheMostCountsWhoeverIsAlive) {
  const CheckReport two = Judge(Counts(2, 0), 1, {.min = 1, .max = 1});
  EXPECT_EQ(two.code, CheckCode::kCritical);
  EXPECT_TRUE(two.too_many);
  EXPECT_THAT(two.line,
              StartsWith("LIVENESS CRITICAL - 1 live of 2 known, want at least 1, 2 alive, want at most "
                         "1 | live=1;;1:;0 alive=2;;1;0"));
  EXPECT_EQ(Judge(Counts(1, 0), 1, {.min = 1, .max = 1}).code, CheckCode::kOk);
  EXPECT_EQ(Judge(Counts(3, 0), 3, {.max = 4, .warn_max = 2}).code, CheckCode::kWarning);
  EXPECT_FALSE(Judge(Counts(0, 1), 0, {.min = 1, .max = 1}).too_many);
}

TEST(CheckReportTest, NobodyAtAllIsUnknownAndNotNone) {
  const CheckReport nobody = Judge(Counts(0, 0), 0, {.filter = "labels.app = wbe | x\n", .min = 0});
  EXPECT_EQ(nobody.code, CheckCode::kUnknown);
  EXPECT_EQ(nobody.line, "LIVENESS UNKNOWN - no client, in any state, matches labels.app = wbe / x");
  EXPECT_EQ(UnknownLine("it was refused:\n  column 9: \x1b\n"),
            "LIVENESS UNKNOWN - it was refused: column 9: \\x1b");
  EXPECT_EQ(Judge(Counts(0, 0), 0, {.max = 3}).line, "LIVENESS UNKNOWN - no client is known");
  EXPECT_EQ(Judge(Counts(0, 2), 0, {.min = 1}).code, CheckCode::kCritical) << "they are known and dead";
}

TEST(CheckReportTest, AClientsLineHasNoFigures) {
  v1::Client client;
  client.set_client_id("a|b");
  client.set_state(v1::STATE_DEAD);
  client.set_health(v1::HEALTH_OK);
  client.mutable_state_time()->set_seconds(1'000);
  client.mutable_evidence()->set_summary("its kernel closed the connection");
  EXPECT_EQ(CheckedClientLine(client, common::WallTime(std::chrono::seconds(1'180))),
            "a/b DEAD for 3m: its kernel closed the connection");
  client.set_state(v1::STATE_ALIVE);
  client.set_health(v1::HEALTH_STALLED);
  EXPECT_THAT(CheckedClientLine(client, common::WallTime(std::chrono::seconds(1'180))),
              StartsWith("a/b ALIVE STALLED for 3m"));
}

}  // namespace
}  // namespace liveness::cli
