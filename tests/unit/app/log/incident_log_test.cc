// The record of incidents over restarts, kills and bad disks.
#include "server/app/log/incident_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "server/app/log/incident_file.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace liveness::app {
namespace {

using namespace std::chrono_literals;
using core::Incident;
using core::IncidentKind;
using liveness::testing::ManualClock;
using liveness::testing::TempDir;

std::vector<IncidentKind> KindsOf(const std::vector<Incident>& incidents) {
  std::vector<IncidentKind> kinds;
  for (const Incident& each : incidents) kinds.push_back(each.kind);
  return kinds;
}

using Kinds = std::vector<IncidentKind>;

TEST(IncidentLogTest, OutlastsARestart) {
  const TempDir dir;
  ManualClock clock;
  {
    IncidentLog log(dir.path(), clock);
    log.Add(IncidentKind::kStarted);
    log.Begin(IncidentKind::kStoreOutage, "disk full");
    clock.Advance(3s);
    clock.StepWall(-1h);  // the length is no wall clock's
    log.End(IncidentKind::kStoreOutage);
    log.Begin(IncidentKind::kDrain);
    log.Stop();
    log.Add(IncidentKind::kStall, 1s);  // what the end of the process is found to be
  }
  IncidentLog log(dir.path(), clock);
  const auto all = log.Read();
  ASSERT_EQ(KindsOf(all), (Kinds{IncidentKind::kStarted, IncidentKind::kStoreOutage, IncidentKind::kDrain,
                                 IncidentKind::kStopped}));
  EXPECT_EQ(all[1].length, 3s);
  EXPECT_EQ(all[1].text, "disk full");
  EXPECT_TRUE(all[2].end) << "the drain ended with the server";
  struct stat found {};
  ASSERT_EQ(stat(dir.file("incidents").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST(IncidentLogTest, AKillIsToldAfterwards) {
  const TempDir dir;
  ManualClock clock;
  { IncidentLog(dir.path(), clock).Add(IncidentKind::kStarted); }  // and no Stop()
  const common::WallTime lived = clock.Wall();
  clock.Advance(1min);
  { IncidentLog came_to_nothing(dir.path(), clock); }
  clock.Advance(1min);
  const IncidentLog log(dir.path(), clock);
  const auto all = log.Read();
  ASSERT_EQ(KindsOf(all), (Kinds{IncidentKind::kStarted, IncidentKind::kUncleanEnd}));
  EXPECT_EQ(all[1].start, lived);
  EXPECT_EQ(all[1].length, 2min);
}

TEST(IncidentLogTest, WithoutADirectoryItIsInMemory) {
  ManualClock clock;
  IncidentLog log("", clock);
  log.Begin(IncidentKind::kDrain);
  EXPECT_EQ(KindsOf(log.Read()), Kinds{IncidentKind::kDrain});
  EXPECT_FALSE(log.Read()[0].end);
}

TEST(IncidentLogTest, ADiskThatFailsCostsOnlyTheRecord) {
  const TempDir dir;
  ManualClock clock;
  std::filesystem::create_directory(dir.file("incidents"));  // where the file should be
  IncidentLog log(dir.path(), clock);
  log.Add(IncidentKind::kStarted);
  log.Stop();
  EXPECT_EQ(log.Read().size(), 2U);
}

TEST(IncidentFileTest, LeavesOutWhatDoesNotParse) {
  const TempDir dir;
  const std::string path = dir.file("incidents");
  const common::WallTime start(common::Duration(1'700'000'000'000'000'000));
  const std::vector<Incident> written = {
      {IncidentKind::kStoreOutage, start, start + 5s, 5s, "a text: with 'marks'"},
      {IncidentKind::kDrain, start + 9s, std::nullopt, {}, ""},
  };
  ASSERT_TRUE(WriteIncidents(path, written).ok());
  EXPECT_EQ(ReadIncidents(path).incidents, written);
  std::ofstream(path, std::ios::app) << "NEWER_KIND\t1\t2\t1\t\n"
                                     << "DRAIN\tx\t2\t1\t\n"
                                     << "DRAIN\t1\t2\t1\t\x01\n"
                                     << "DRAIN\t1\t2";  // torn
  EXPECT_EQ(ReadIncidents(path).incidents, written);
  EXPECT_TRUE(ReadIncidents(dir.file("none")).incidents.empty());
}

TEST(IncidentFileTest, ItsTimeIsTheLastSignOfLife) {
  const TempDir dir;
  const std::string path = dir.file("incidents");
  ASSERT_TRUE(WriteIncidents(path, {}).ok());
  const common::WallTime now(common::Duration(1'700'000'000'123'456'789));
  ASSERT_TRUE(TouchIncidents(path, now).ok());
  EXPECT_EQ(ReadIncidents(path).last_sign, now);
  EXPECT_FALSE(TouchIncidents(dir.file("none"), now).ok());
  EXPECT_FALSE(WriteIncidents(dir.file("no/such"), {}).ok());
}

}  // namespace
}  // namespace liveness::app
