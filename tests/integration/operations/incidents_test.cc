// "Did the server have a problem lately?" has an answer, also after a restart.
#include <signal.h>

#include <fstream>
#include <iterator>

#include "tests/integration/operations/operated_server.h"
#include "tests/support/child_process.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class IncidentsTest : public OperatedServerTest {
 protected:
  // A reader of the database that locks writers out until it is destroyed.
  std::unique_ptr<ChildProcess> LockDatabase() const {
    const std::string program =
        "import sqlite3,sys,time\n"
        "c=sqlite3.connect(sys.argv[1],isolation_level=None,timeout=30)\n"
        "c.execute('BEGIN IMMEDIATE')\nprint('locked',flush=True)\ntime.sleep(600)\n";
    auto locker = std::make_unique<ChildProcess>(
        "/usr/bin/python3", std::vector<std::string>{"-c", program, dir_.file("liveness.db")});
    EXPECT_TRUE(Eventually([&] { return locker->Out().find("locked") != std::string::npos; }))
        << locker->Err();
    return locker;
  }
};

TEST_F(IncidentsTest, AStoreOutageIsTheReasonAndStaysKnownAfterARestart) {
  StartServer();
  EXPECT_TRUE(Info().ready());
  EXPECT_THAT(Info().not_ready(), IsEmpty());
  {
    const auto locker = LockDatabase();
    HeartbeatStream stream(server_->address());
    (void)stream.Send(HeartbeatStream::Hello("a", "1"));
    ASSERT_TRUE(Eventually([&] { return !Info().ready(); }));
    const v1::ServerInfo info = Info();
    ASSERT_EQ(info.not_ready_size(), 1);
    EXPECT_EQ(info.not_ready(0).reason(), "STORE_UNAVAILABLE");
    EXPECT_THAT(info.not_ready(0).message(), HasSubstr("locked"));
  }
  ASSERT_TRUE(Eventually([&] { return Info().ready(); }));
  ASSERT_TRUE(Eventually([&] {
    const v1::ServerInfo now = Info();
    return now.incidents_size() > 1 && now.incidents(1).has_end_time();
  }));
  EXPECT_THAT(Kinds(Info()), ElementsAre("STARTED", "STORE_OUTAGE"));

  EXPECT_EQ(server_->Stop(), 0);
  StartServer();
  const v1::ServerInfo info = Info();
  EXPECT_THAT(Kinds(info), ElementsAre("STARTED", "STORE_OUTAGE", "DRAIN", "STOPPED", "STARTED"));
  EXPECT_TRUE(info.incidents(1).has_end_time());
  EXPECT_THAT(info.incidents(1).message(), HasSubstr("locked"));
  EXPECT_TRUE(info.ready()) << "a past one is no reason";
}

TEST_F(IncidentsTest, WhatOperatorsAskForIsKeptWithItsReason) {
  StartServer();
  const auto admin = v1::AdminService::NewStub(Connect());
  const auto call = [](auto ask) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(20));
    return ask(&context);
  };
  HeartbeatStream stream(server_->address());
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("web-1", "1")));
  v1::SetMaintenanceRequest mark;
  mark.set_filter("client_id = web-*");
  mark.mutable_until_time()->set_seconds(4'102'444'800);
  mark.set_reason("new disks (anna)");
  v1::SetMaintenanceResponse marked;
  EXPECT_TRUE(call([&](auto* context) { return admin->SetMaintenance(context, mark, &marked); }).ok());
  v1::EvictClientRequest evict;
  evict.set_name("clients/web-1");
  v1::Client evicted;
  EXPECT_TRUE(call([&](auto* context) { return admin->EvictClient(context, evict, &evicted); }).ok());
  v1::DrainServerRequest drain;
  drain.set_reason(std::string(300, 'x'));
  v1::DrainServerResponse drained;
  EXPECT_EQ(call([&](auto* context) { return admin->DrainServer(context, drain, &drained); }).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  drain.set_reason("kernel");
  drain.mutable_duration()->set_seconds(3600);
  EXPECT_TRUE(call([&](auto* context) { return admin->DrainServer(context, drain, &drained); }).ok());
  v1::UndrainServerResponse undrained;
  EXPECT_TRUE(call([&](auto* context) { return admin->UndrainServer(context, {}, &undrained); }).ok());
  std::vector<std::string> asked;
  const v1::ServerInfo info = Info();
  for (const auto& incident : info.incidents()) {
    if (incident.kind() == v1::INCIDENT_KIND_OPERATOR) asked.push_back(incident.message());
  }
  EXPECT_THAT(asked, ElementsAre("maintenance of 1 that match client_id = web-*: new disks (anna)",
                                 "evict web-1", "drain for 1h: kernel", "undrain"));
}

TEST_F(IncidentsTest, AKillAndAStallAreKnownAfterwards) {
  StartServer();
  server_->Pause();
  std::this_thread::sleep_for(milliseconds(900));
  server_->Continue();
  ASSERT_TRUE(Eventually([&] { return Info().incidents_size() == 2; }));
  // On the disk within moments.
  ASSERT_TRUE(Eventually([&] {
    std::ifstream file(dir_.file("incidents"));
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return text.find("STALL\t") != std::string::npos;
  }));
  server_->Signal(SIGKILL);
  EXPECT_EQ(server_->WaitForExit(seconds(20)), 128 + SIGKILL);
  StartServer();
  const v1::ServerInfo info = Info();
  EXPECT_THAT(Kinds(info), ElementsAre("STARTED", "STALL", "UNCLEAN_END", "STARTED"));
  const auto& stall = info.incidents(1);
  EXPECT_GE(stall.length().seconds() + stall.length().nanos() * 1e-9, 0.5);
}

TEST_F(IncidentsTest, ADrainIsAReasonAndAnIncident) {
  StartServer();
  grpc::ClientContext context;
  v1::DrainServerResponse drained;
  ASSERT_TRUE(v1::AdminService::NewStub(Connect())->DrainServer(&context, {}, &drained).ok());
  const v1::ServerInfo info = Info();
  EXPECT_FALSE(info.ready());
  ASSERT_EQ(info.not_ready_size(), 1);
  EXPECT_EQ(info.not_ready(0).reason(), "DRAINING");
  EXPECT_THAT(Kinds(info), ElementsAre("STARTED", "OPERATOR", "DRAIN"));
  EXPECT_FALSE(info.incidents(2).has_end_time());
}

TEST_F(IncidentsTest, AFileThatIsDamagedCostsOnlyItself) {
  std::ofstream(dir_.file("incidents")) << "DRAIN\t1\t2\t1\tgood\n\xff\xfe\nSTALL\t5";
  StartServer();
  EXPECT_THAT(Kinds(Info()), ElementsAre("DRAIN", "STARTED"));
  EXPECT_EQ(server_->Stop(), 0);
  EXPECT_THAT(server_->StandardError(), Not(HasSubstr("incidents are not kept")));
}

}  // namespace
}  // namespace liveness::testing
