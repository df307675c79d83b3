// What operators do: maintenance and drain.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/cli/cli_process.h"

namespace liveness::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using MaintenanceTest = CliTest;

TEST_F(MaintenanceTest, IsSetByNameShownAndCleared) {
  const auto a = Beat("a");
  const auto b = Beat("b");
  const CliResult set = Run({"maintenance", "set", "a", "clients/b", "--for=2h"});
  EXPECT_EQ(set.code, 0) << set.err;
  EXPECT_THAT(set.out, ContainsRegex("^2 clients changed: in maintenance until 20.*Z\n$"));
  EXPECT_TRUE(Becomes("a", "HEALTH_MAINTENANCE"));
  EXPECT_THAT(Run({"get", "a"}).out, ContainsRegex("Health: +MAINTENANCE\n"));
  EXPECT_EQ(Run({"list", "-o", "name", "--filter=health = MAINTENANCE"}).out, "clients/a\nclients/b\n");

  const CliResult longer = Run({"maintenance", "set", "a", "--until=2199-01-01T00:00:00Z"});
  EXPECT_EQ(longer.out, "0 clients changed: in maintenance until 2199-01-01T00:00:00.000Z\n")
      << "it was in it already";

  const CliResult clear = Run({"maintenance", "clear", "a", "b"});
  EXPECT_EQ(clear.code, 0) << clear.err;
  EXPECT_EQ(clear.out, "2 clients changed: no longer in maintenance\n");
  EXPECT_TRUE(Becomes("a", "HEALTH_OK"));
}

TEST_F(MaintenanceTest, TellsItsEndItsAuthorAndItsReason) {
  const auto a = Beat("a");
  ASSERT_EQ(Run({"maintenance", "set", "a", "--for=2h", "--reason=new disks"}).code, 0);
  const std::string get = Run({"get", "a"}).out;
  EXPECT_THAT(get, ContainsRegex("Maintenance: +until 20.*Z \\(in 1[0-9hm]+"));
  EXPECT_THAT(get, ContainsRegex("Set by: +127\\.[0-9.]+\n"));
  EXPECT_THAT(get, ContainsRegex("Reason: +new disks\n"));
  EXPECT_THAT(Run({"list", "-o", "wide"}).out,
              ContainsRegex("in maintenance until 20.* by 127.*: new disks"));
  ASSERT_EQ(Run({"maintenance", "clear", "a"}).code, 0);
  EXPECT_THAT(Run({"get", "a"}).out, Not(HasSubstr("Maintenance")));
}

TEST_F(MaintenanceTest, IsSetByFilterAndCountsInEveryFormat) {
  const auto a = Beat("a", {"--label=zone=eu"});
  const auto b = Beat("b", {"--label=zone=eu"});
  const auto c = Beat("c");
  EXPECT_EQ(Run({"maintenance", "set", "--filter=labels.zone = eu", "--for=1h", "-o", "yaml"}).out,
            "changed_count: 2\n");
  EXPECT_THAT(Run({"maintenance", "clear", "--filter=health = MAINTENANCE", "-o", "json"}).out,
              HasSubstr("\"changed_count\": 2"));
  EXPECT_EQ(Run({"maintenance", "clear", "--filter=health = MAINTENANCE"}).out,
            "0 clients changed: no longer in maintenance\n");
}

TEST_F(MaintenanceTest, OutlastsAReconnectAndEndsByItself) {
  auto beat = Beat("a");
  ASSERT_EQ(Run({"maintenance", "set", "a", "--for=4s"}).code, 0);
  beat->Signal(SIGKILL);
  ASSERT_TRUE(Becomes("a", "STATE_DEAD"));
  beat = Start({"beat", "--id=a", "--interval=200ms", "--timeout=10s"});
  ASSERT_TRUE(Becomes("a", "STATE_ALIVE"));
  EXPECT_TRUE(Becomes("a", "HEALTH_OK"));
  EXPECT_THAT(Run({"transitions", "a", "--no-headers"}).out, HasSubstr("ALIVE MAINTENANCE -> OK"))
      << "it was in it until its time";
}

TEST_F(MaintenanceTest, WhatIsWrongHasTheUsualCodes) {
  const auto a = Beat("a");
  const CliResult unknown = Run({"maintenance", "set", "nobody", "a", "--for=1h"});
  EXPECT_EQ(unknown.code, 3);
  EXPECT_THAT(unknown.err, HasSubstr("no client nobody"));
  EXPECT_THAT(unknown.out, StartsWith("1 client changed")) << "the others are";
  EXPECT_EQ(Run({"maintenance", "clear", "nobody"}).out, "");
  EXPECT_EQ(Run({"maintenance", "clear", "--filter=state = ("}).code, 2);
  EXPECT_EQ(Run({"maintenance", "clear", "a", "--filter=x"}).code, 2);
  const CliResult past = Run({"maintenance", "set", "a", "--until=2001-01-01T00:00:00Z"});
  EXPECT_EQ(past.code, 2);
  EXPECT_THAT(past.err, HasSubstr("--until is past"));
  server_->Stop();
  EXPECT_EQ(Run({"maintenance", "clear", "a"}).code, 4);
}

using DrainTest = CliTest;

// The next server has another store: what it takes over is a new session to it.
TEST_F(DrainTest, ItsClientsMoveToTheNextServer) {
  const auto next = ServerProcess::Start({"--store=memory"});
  ASSERT_NE(next, nullptr);
  CliProcess beat({"--server=" + server_->address() + "," + next->address(), "beat", "--id=a",
                   "--interval=200ms", "--timeout=10s"});
  ASSERT_TRUE(Becomes("a", "STATE_ALIVE"));
  const CliResult drain = Run({"server", "drain", "--within=500ms"});
  EXPECT_EQ(drain.code, 0) << drain.err;
  EXPECT_EQ(drain.out, "1 stream asked to move within 500ms; " + server_->address() + " takes no more\n");
  EXPECT_THAT(Run({"server", "info"}).out, ContainsRegex("Draining: +yes"));
  EXPECT_TRUE(Eventually([&] {
    CliProcess get({"--server=" + next->address(), "get", "a", "-o", "json"});
    return get.Wait() == 0 && get.Out().find("STATE_ALIVE") != std::string::npos;
  }));
  EXPECT_THAT(beat.Out(), Not(HasSubstr("LOST"))) << beat.Out();
  EXPECT_TRUE(Eventually([&] { return Run({"server", "drain", "-o", "yaml"}).out == "stream_count: 0\n"; }));
  EXPECT_EQ(Run({"server", "drain", "--within=2h"}).code, 2);
}

TEST_F(DrainTest, AnUndrainedServerTakesClientsAgain) {
  const CliResult idle = Run({"server", "undrain"});
  EXPECT_EQ(idle.code, 0) << idle.err;
  EXPECT_EQ(idle.out, server_->address() + " was not drained\n");
  ASSERT_EQ(Run({"server", "drain", "--within=0s"}).code, 0);
  CliProcess beat({"--server=" + server_->address(), "beat", "--id=a", "--interval=200ms"});
  EXPECT_TRUE(beat.Says("DRAINING")) << beat.Out();
  EXPECT_THAT(Run({"server", "info"}).out, ContainsRegex("Ready: +no"));
  EXPECT_EQ(Run({"server", "undrain"}).out, server_->address() + " takes clients again\n");
  EXPECT_TRUE(Becomes("a", "STATE_ALIVE"));
  const std::string info = Run({"server", "info"}).out;
  EXPECT_THAT(info, ContainsRegex("Draining: +no"));
  EXPECT_THAT(info, ContainsRegex("Ready: +yes"));
  EXPECT_THAT(Run({"server", "undrain", "-o", "json"}).out, HasSubstr("\"was_draining\": false"));
}

TEST_F(DrainTest, ADrainEndsByItselfAtItsTime) {
  const CliResult drain = Run({"server", "drain", "--for=1500ms"});
  EXPECT_EQ(drain.code, 0) << drain.err;
  EXPECT_THAT(drain.out, HasSubstr("takes no more for 1.5s"));
  EXPECT_THAT(Run({"server", "info"}).out, ContainsRegex("Draining: +until 20"));
  const auto beat = Beat("a");  // refused at first
  EXPECT_THAT(Run({"server", "info"}).out, ContainsRegex("Draining: +no"));
  // A drain without an end takes the place of one with an end, and the other way round.
  ASSERT_EQ(Run({"server", "drain", "--for=1h"}).code, 0);
  ASSERT_EQ(Run({"server", "drain"}).code, 0);
  EXPECT_THAT(Run({"server", "info"}).out, ContainsRegex("Draining: +yes"));
  EXPECT_EQ(Run({"server", "drain", "--for=0s"}).code, 2);
  EXPECT_EQ(Run({"server", "drain", "--for=1h", "--until=2100-01-01T00:00:00Z"}).code, 2);
  EXPECT_EQ(Run({"server", "drain", "--until=2001-01-01T00:00:00Z"}).code, 2);
  EXPECT_EQ(Run({"server", "drain", "--until=2100-01-01T00:00:00Z"}).code, 0);
}

TEST_F(DrainTest, AServerThatStopsHasNoWayBack) {
  const auto beat = Beat("a");
  server_->Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] {
    const CliResult undrain = Run({"server", "undrain"});
    return undrain.code != 0 && undrain.err.find("told to stop") != std::string::npos;
  }));
  beat->Signal(SIGTERM);
}

// --- The audit log ---

using AuditTest = CliTest;

TEST_F(AuditTest, TellsWhoDidWhatInEveryFormat) {
  const auto a = Beat("a");
  ASSERT_EQ(Run({"evict", "a", "--reason=gone"}).code, 0);
  EXPECT_EQ(Run({"evict", "nobody"}).code, 3);
  const CliResult all = Run({"audit"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, ContainsRegex("^TIME +WHO +FROM +WHAT +OUTCOME\n"
                                     "20.*Z +anonymous +127.* +evict a +ALLOWED evicted: gone\n"
                                     "20.*Z +anonymous +127.* +evict nobody +FAILED CLIENT_NOT_FOUND\n$"));
  EXPECT_THAT(
      Run({"audit", "--limit=1", "--no-headers", "-o", "wide"}).out,
      ContainsRegex("^20.* evict nobody +FAILED CLIENT_NOT_FOUND +<none> .*no client nobody is known\n$"));
  EXPECT_THAT(Run({"audit", "--filter=outcome = ALLOWED", "--since=1h", "-o", "json"}).out,
              AllOf(HasSubstr("\"target\": \"a\""), Not(HasSubstr("nobody"))));
  EXPECT_THAT(Run({"audit", "--filter=action = drain"}).err, HasSubstr("No entries match."));
}

TEST_F(AuditTest, IsOfOneServer) {
  EXPECT_THAT(Run({"audit", "--server=127.0.0.1:1,127.0.0.1:2"}).err, HasSubstr("one --server"));
  EXPECT_EQ(Run({"audit", "-o", "name"}).code, 2);
}

}  // namespace
}  // namespace liveness::testing
