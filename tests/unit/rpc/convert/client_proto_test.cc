#include "server/rpc/convert/client_proto.h"

#include "server/rpc/convert/evidence_proto.h"

#include <chrono>
#include <memory>

#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

namespace liveness::rpc {
namespace {

using google::protobuf::util::TimeUtil;
using std::chrono::milliseconds;
using std::chrono::seconds;

const core::Moment kNow{core::MonoTime(seconds(500)), core::WallTime(seconds(1'700'000'000))};

std::shared_ptr<core::ClientRecord> Record(core::State state = core::State::kAlive) {
  core::ClientInfo info;
  info.client_id = "db/1";
  info.instance_id = "i-1";
  info.labels = {{"zone", "eu-1"}};
  info.pid = 42;
  auto record = std::make_shared<core::ClientRecord>();
  record->info = core::PackedInfo(info);
  record->server_id = std::make_shared<const std::string>("server-1");
  record->incarnation = 7;
  record->attachment = 2;
  record->revision = 9;
  record->state = state;
  record->register_time = core::WallTime(seconds(1'600'000'000));
  record->interval = milliseconds(1500);
  record->timeout = seconds(3);
  return record;
}

TEST(ClientProtoTest, SpansBecomeMomentsOnTheWallClock) {
  core::ClientView view{Record(), {}};
  view.vitals.last_heard = kNow.mono - milliseconds(250);
  view.vitals.until_deadline = milliseconds(2750);
  view.vitals.rtt = std::chrono::microseconds(300);
  v1::Client client;
  ToProto(view, Detail::kFull, kNow, client);
  EXPECT_EQ(client.name(), "clients/db/1");
  EXPECT_EQ(client.client_id(), "db/1");
  EXPECT_EQ(client.labels().at("zone"), "eu-1");
  EXPECT_EQ(TimeUtil::TimestampToMilliseconds(client.last_heartbeat_time()), 1'699'999'999'750);
  EXPECT_EQ(TimeUtil::TimestampToMilliseconds(client.deadline_time()), 1'700'000'002'750);
  EXPECT_EQ(TimeUtil::DurationToMicroseconds(client.rtt()), 300);
  EXPECT_EQ(TimeUtil::DurationToMilliseconds(client.interval()), 1500);
  EXPECT_EQ(client.incarnation(), 7u);
  EXPECT_EQ(client.attachment(), 2u);
  EXPECT_EQ(client.revision(), 9u);
  EXPECT_FALSE(client.flapping());
  EXPECT_FALSE(client.has_evidence());
  EXPECT_FALSE(client.has_keepalive());
}

TEST(ClientProtoTest, OnlyALiveClientHasADeadlineAndOnlyAHeardOneAHeartbeat) {
  v1::Client client;
  ToProto(core::ClientView{Record(core::State::kSuspect), {}}, Detail::kFull, kNow, client);
  EXPECT_FALSE(client.has_deadline_time());
  EXPECT_FALSE(client.has_last_heartbeat_time());
  EXPECT_FALSE(client.has_rtt());
}

TEST(ClientProtoTest, BasicLeavesOutEvidenceKeepaliveAndProgress) {
  auto record = Record(core::State::kDead);
  record->cause = core::Cause::kUnknown;
  record->evidence = std::make_shared<const core::Evidence>();
  core::ClientView view{record, {}};
  view.vitals.keepalive = std::make_shared<const core::Keepalive>();
  view.vitals.progress = std::make_shared<const std::vector<core::Progress>>(
      std::vector<core::Progress>{{"loop", seconds(1), seconds(9)}});
  v1::Client basic;
  ToProto(view, Detail::kBasic, kNow, basic);
  EXPECT_FALSE(basic.has_evidence());
  EXPECT_FALSE(basic.has_keepalive());
  EXPECT_EQ(basic.progress_size(), 0);
  v1::Client full;
  ToProto(view, Detail::kFull, kNow, full);
  EXPECT_TRUE(full.has_evidence());
  EXPECT_TRUE(full.has_keepalive());
  ASSERT_EQ(full.progress_size(), 1);
  EXPECT_EQ(full.progress(0).name(), "loop");
  EXPECT_EQ(full.progress(0).deadline().seconds(), 9);
}

TEST(ClientProtoTest, EvidenceHoldsTheClientsWordsOnlyIfTheyWereIts) {
  core::Evidence evidence;
  evidence.reason = "disk full";
  evidence.exit_code = 3;
  evidence.silence = milliseconds(1200);
  v1::Evidence said;
  ToProto(core::Cause::kProcessExited, evidence, said);
  EXPECT_EQ(said.goodbye().reason(), "disk full");
  EXPECT_EQ(said.goodbye().exit_code(), 3);
  EXPECT_FALSE(said.goodbye().has_signal());
  EXPECT_EQ(said.heartbeat().silence().nanos(), 200'000'000);
  EXPECT_FALSE(said.summary().empty());
  evidence.exit_code.reset();
  v1::Evidence evicted;  // the reason is the operator's
  ToProto(core::Cause::kEvicted, evidence, evicted);
  EXPECT_FALSE(evicted.has_goodbye());
  EXPECT_NE(evicted.summary().find("disk full"), std::string::npos);
}

TEST(ClientProtoTest, ATransitionTellsBothSidesOfTheChange) {
  core::Transition transition{Record(), nullptr, kNow.wall};
  auto after = Record(core::State::kSuspect);
  after->revision = 10;
  after->cause = core::Cause::kStreamClosed;
  after->flapping = true;
  transition.after = after;
  v1::Transition proto;
  ToProto(transition, proto);
  EXPECT_EQ(proto.revision(), 10u);
  EXPECT_EQ(proto.from_state(), v1::STATE_ALIVE);
  EXPECT_EQ(proto.to_state(), v1::STATE_SUSPECT);
  EXPECT_EQ(proto.cause(), v1::CAUSE_STREAM_CLOSED);
  EXPECT_EQ(proto.client().state(), v1::STATE_SUSPECT);
  EXPECT_TRUE(proto.client().flapping());
  transition.before = nullptr;
  proto.Clear();
  ToProto(transition, proto);
  EXPECT_EQ(proto.from_state(), v1::STATE_UNSPECIFIED);
}

TEST(ClientProtoTest, AForgottenClientIsShownAsItWasDropped) {
  auto after = Record(core::State::kForgotten);
  after->revision = 11;
  v1::Transition proto;
  ToProto(core::Transition{Record(core::State::kLeft), after, kNow.wall}, proto);
  EXPECT_EQ(proto.to_state(), v1::STATE_FORGOTTEN);
  EXPECT_EQ(proto.revision(), 11u);
  EXPECT_EQ(proto.client().state(), v1::STATE_LEFT);
  EXPECT_EQ(proto.client().revision(), 9u);
}

TEST(ClientProtoTest, AMaintenanceHasItsEndAndItsOrigin) {
  auto record = Record();
  auto annex = std::make_shared<core::Annex>();
  annex->Ban({"i-0", 3, core::Cause::kEvicted});
  record->annex = annex;
  v1::Client client;
  ToProto(core::ClientView{record, {}}, Detail::kFull, kNow, client);
  EXPECT_FALSE(client.has_maintenance()) << "it has an annex for another reason";

  auto maintained = std::make_shared<core::Annex>(*annex);
  maintained->maintenance_until = kNow.wall + seconds(7);
  record->annex = maintained;
  client.Clear();
  ToProto(core::ClientView{record, {}}, Detail::kBasic, kNow, client);
  EXPECT_EQ(TimeUtil::TimestampToSeconds(client.maintenance().end_time()), 1'700'000'007);
  EXPECT_EQ(client.maintenance().reason(), "") << "one that an older server began";

  maintained->maintenance_until = core::WallTime::max();
  maintained->maintenance_origin =
      std::make_shared<const core::MaintenanceOrigin>(core::MaintenanceOrigin{"new disks", "10.0.0.1"});
  client.Clear();
  ToProto(core::ClientView{record, {}}, Detail::kBasic, kNow, client);
  EXPECT_FALSE(client.maintenance().has_end_time()) << "it never ends";
  EXPECT_EQ(client.maintenance().reason(), "new disks");
  EXPECT_EQ(client.maintenance().author(), "10.0.0.1");
}

}  // namespace
}  // namespace liveness::rpc
