#include "client/cli/print/watch_printer.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/manual_clock.h"

namespace liveness::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

v1::Transition Death() {
  v1::Transition transition;
  transition.set_client_id("web-1");
  transition.set_from_state(v1::STATE_SUSPECT);
  transition.set_to_state(v1::STATE_DEAD);
  transition.set_cause(v1::CAUSE_PROCESS_EXITED);
  transition.mutable_evidence()->set_summary("its kernel closed the connection");
  transition.mutable_time()->set_seconds(1'700'000'000);
  return transition;
}

class WatchPrinterTest : public ::testing::Test {
 protected:
  // What `print` writes in `output`.
  template <typename Print>
  std::string Written(OutputFormat output, Print print) {
    std::ostringstream out;
    Terminal terminal{out, out, false, clock_};
    GlobalSettings global;
    global.output = output;
    WatchPrinter printer(global, terminal);
    print(printer);
    return out.str();
  }

  testing::ManualClock clock_;
};

TEST_F(WatchPrinterTest, ATransitionIsALine) {
  EXPECT_EQ(Written(OutputFormat::kUnset, [](WatchPrinter& p) { p.Transition(Death()); }),
            "2023-11-14T22:13:20.000Z  web-1         SUSPECT -> DEAD      PROCESS_EXITED       "
            "its kernel closed the connection\n");
}

TEST_F(WatchPrinterTest, AMassFailureIsALineLikeAnyOther) {
  v1::GroupEvent group;
  group.set_revision(42);
  group.set_scope("host=db-7");
  group.set_affected_count(7);
  group.set_member_count(12);
  group.mutable_time()->set_seconds(1'700'000'000);
  const auto print = [&](WatchPrinter& p) { p.Group(group); };
  EXPECT_EQ(Written(OutputFormat::kUnset, print),
            "2023-11-14T22:13:20.000Z  host=db-7     MASS FAILURE                              "
            "7 of 12 clients fell together\n");
  EXPECT_THAT(Written(OutputFormat::kWide, print), HasSubstr("fell together [revision 42]\n"));
  EXPECT_EQ(Written(OutputFormat::kName, print), "");
  EXPECT_EQ(Written(OutputFormat::kJson, print),
            "{\"group\": {\"revision\":\"42\",\"scope\":\"host=db-7\",\"affected_count\":7,"
            "\"member_count\":12,\"time\":\"2023-11-14T22:13:20Z\"}}\n");
  EXPECT_THAT(Written(OutputFormat::kYaml, print),
              HasSubstr("group:\n  revision: 42\n  scope: \"host=db-7\"\n"));
}

TEST_F(WatchPrinterTest, WhoFlapsSaysSoFirst) {
  v1::Transition death = Death();
  death.mutable_client()->set_flapping(true);
  EXPECT_THAT(Written(OutputFormat::kUnset, [&](WatchPrinter& p) { p.Transition(death); }),
              HasSubstr("  flapping: its kernel closed the connection\n"));
  v1::Client client;
  client.set_flapping(true);
  EXPECT_THAT(Written(OutputFormat::kUnset, [&](WatchPrinter& p) { p.Client(client); }),
              HasSubstr("  flapping\n"));
}

TEST_F(WatchPrinterTest, ChangesReadAsTheyHappened) {
  v1::Transition transition;
  transition.set_to_state(v1::STATE_ALIVE);
  EXPECT_EQ(ChangeText(transition, false), "NEW -> ALIVE");
  transition.set_from_state(v1::STATE_ALIVE);
  EXPECT_EQ(ChangeText(transition, false), "ALIVE changed");  // labels, address or server
  transition.set_from_health(v1::HEALTH_OK);
  transition.set_to_health(v1::HEALTH_STALLED);
  EXPECT_EQ(ChangeText(transition, false), "ALIVE OK -> STALLED");
}

TEST_F(WatchPrinterTest, AChangeOfHealthFitsItsColumn) {
  v1::Transition transition;
  transition.set_client_id("web-1");
  transition.set_from_state(v1::STATE_ALIVE);
  transition.set_to_state(v1::STATE_ALIVE);
  transition.set_from_health(v1::HEALTH_OK);
  transition.set_to_health(v1::HEALTH_STALLED);
  transition.set_cause(v1::CAUSE_APPLICATION_STALLED);
  transition.mutable_evidence()->set_summary("its heartbeats arrive");
  transition.mutable_time()->set_seconds(1'700'000'000);
  EXPECT_EQ(Written(OutputFormat::kUnset, [&](WatchPrinter& p) { p.Transition(transition); }),
            "2023-11-14T22:13:20.000Z  web-1         ALIVE OK -> STALLED  APPLICATION_STALLED  "
            "its heartbeats arrive\n");
  EXPECT_EQ(ChangeText(transition, true), "\x1b[32mALIVE\x1b[0m OK -> \x1b[33mSTALLED\x1b[0m");
}

TEST_F(WatchPrinterTest, EveryJsonLineIsAnObject) {
  const std::string text = Written(OutputFormat::kJson, [](WatchPrinter& p) {
    p.Client(v1::Client());
    p.SnapshotDone(1, 7, "h");
    p.Transition(Death());
    p.Group(v1::GroupEvent());
    p.Gap(7, 9, "");
    p.Disconnected("it said \"no\"", 9);
    p.Resumed("a:1", std::chrono::milliseconds(1500), 9);
  });
  std::istringstream lines(text);
  std::string line;
  for (const char* key :
       {"client", "snapshot_done", "transition", "group", "gap", "disconnected", "resumed"}) {
    ASSERT_TRUE(std::getline(lines, line)) << key;
    google::protobuf::Struct object;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &object).ok()) << line;
    EXPECT_EQ(object.fields().count(key), 1u) << line;
    EXPECT_EQ(object.fields_size(), 1) << line;
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(WatchPrinterTest, AGapIsTold) {
  EXPECT_THAT(Written(OutputFormat::kTable, [](WatchPrinter& p) { p.Gap(7, 9, ""); }),
              StartsWith("# GAP: what happened after revision 7 is lost"));
}

TEST_F(WatchPrinterTest, NamesOnlyMeansNamesOnly) {
  EXPECT_EQ(Written(OutputFormat::kName,
                    [](WatchPrinter& p) {
                      p.SnapshotDone(1, 7, "h");
                      p.Transition(Death());
                    }),
            "clients/web-1\n");
}

}  // namespace
}  // namespace liveness::cli
