#include "server/core/record/client_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "common/status.h"
#include "server/core/filter/filter.h"

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

const Moment kNow{MonoTime(seconds(1000)), WallTime(seconds(1'769'860'800))};  // 2026-01-31T12:00:00Z

ClientRecord Record() {
  ClientInfo info;
  info.client_id = "db-1";
  info.instance_id = "i-1";
  info.labels = {{"tier", "db"}, {"zone", "eu"}};
  info.peer_address = "10.0.0.7:41822";
  info.host = "host-7";
  info.version = "1.2";
  info.principal = "spiffe://x/db";
  info.pid = 42;
  ClientRecord record;
  record.info = PackedInfo(info);
  record.server_id = std::make_shared<const std::string>("s-1");
  record.incarnation = 17;
  record.attachment = 2;
  record.revision = 1'769'860'800'000'000;
  record.register_time = kNow.wall - minutes(10);
  record.state_time = kNow.wall - minutes(5);
  record.interval = seconds(3);
  record.timeout = seconds(9);
  record.resume_grace = seconds(1);
  record.state = State::kAlive;
  return record;
}

Vitals Alive() {
  return {.last_heard = kNow.mono - seconds(2), .until_deadline = seconds(7), .rtt = milliseconds(15)};
}

bool Matches(std::string_view text, const ClientRecord& record, const Vitals& vitals) {
  const auto filter = Filter::Parse(text, ClientSchema());
  EXPECT_TRUE(filter.ok()) << filter.status();
  return filter.ok() && filter->Matches(ClientFields(record, vitals, kNow));
}

bool Matches(std::string_view text) { return Matches(text, Record(), Alive()); }

TEST(ClientFieldsTest, FlappingIsTrueOrFalse) {
  ClientRecord flapping = Record();
  flapping.flapping = true;
  EXPECT_TRUE(Matches("flapping = true", flapping, Alive()));
  EXPECT_FALSE(Matches("flapping = false", flapping, Alive()));
  EXPECT_TRUE(Matches("flapping = false"));
  EXPECT_TRUE(Matches("flapping != true"));
  EXPECT_TRUE(Matches("NOT flapping = true"));
  const auto wrong = Filter::Parse("flapping = yes", ClientSchema());
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("known are false, true"));
  EXPECT_TRUE(Filter::Parse("flapping = true", WatchSchema()).ok());
  EXPECT_TRUE(Filter::Parse("flapping = true", TransitionSchema()).ok());
}

TEST(ClientFieldsTest, EveryFieldIsItsOwn) {
  for (const char* text : {"client_id = db-1",
                           "instance_id = i-1",
                           "incarnation = 17",
                           "attachment = 2",
                           "state = ALIVE",
                           "state = STATE_ALIVE",
                           "health = OK",
                           "cause = UNSPECIFIED",
                           "labels.zone = eu",
                           "labels:tier",
                           "peer_address = 10.0.0.7:41822",
                           "host = host-*",
                           "pid = 42",
                           "version = 1.2",
                           "server_id = s-1",
                           "principal = \"spiffe://x/db\"",
                           "register_time = 2026-01-31T11:50:00Z",
                           "state_time = 2026-01-31T11:55:00Z",
                           "interval = 3s",
                           "timeout = 9s",
                           "resume_grace = 1s",
                           "revision = 1769860800000000",
                           "register_age = 10m",
                           "state_age = 5m",
                           "last_heartbeat_age = 2s",
                           "last_heartbeat_time = 2026-01-31T11:59:58Z",
                           "deadline_time = 2026-01-31T12:00:07Z",
                           "rtt = 15ms"}) {
    EXPECT_TRUE(Matches(text)) << text;
  }
}

TEST(ClientFieldsTest, WhatIsNotKnownYetEqualsNothing) {
  ClientRecord record = Record();
  record.state = State::kDead;
  for (const char* text : {"last_heartbeat_age >= 0", "last_heartbeat_time > 1970-01-01T00:00:00Z",
                           "deadline_time > 1970-01-01T00:00:00Z", "rtt >= 0"}) {
    EXPECT_FALSE(Matches(text, record, Vitals{})) << text;
  }
}

TEST(ClientFieldsTest, AWallClockThatSteppedBackGivesNoNegativeAge) {
  ClientRecord record = Record();
  record.state_time = kNow.wall + seconds(5);
  EXPECT_TRUE(Matches("state_age = 0", record, Alive()));
}

TEST(ClientFieldsTest, AWatchCannotAskForWhatMovesByItself) {
  EXPECT_TRUE(Filter::Parse("state = ALIVE labels.zone = eu pid = 42", WatchSchema()).ok());
  for (const char* text : {"last_heartbeat_age > 5m", "state_age > 5m", "rtt > 1s"}) {
    EXPECT_THAT(Filter::Parse(text, WatchSchema()).status().ToString(), HasSubstr("column 1: no field"))
        << text;
  }
  EXPECT_TRUE(Filter::Parse("pid = 42", WatchSchema())->Matches(ClientFields(Record())));
}

TEST(ClientFieldsTest, WhatWasNotGivenIsNotThere) {
  EXPECT_FALSE(Filter::Parse("rtt >= 0", ClientSchema())->Matches(ClientFields(Record()))) << "no vitals";
  ClientRecord record = Record();
  record.server_id = nullptr;
  EXPECT_FALSE(Matches("server_id:*", record, Alive()));
}

TEST(ClientFieldsTest, EveryNameUpToTheLastIsKnown) {
  const auto known = [](std::string_view field, std::string_view name) {
    return Filter::Parse(std::string(field) + " = " + std::string(name), ClientSchema()).ok();
  };
  EXPECT_TRUE(known("state", Name(kLastState)));
  EXPECT_TRUE(known("health", Name(kLastHealth)));
  EXPECT_TRUE(known("cause", Name(kLastCause)));
}

TEST(TransitionFieldsTest, AskForTheChangeAndForTheRecordAfterIt) {
  const auto before = std::make_shared<ClientRecord>(Record());
  const auto after = std::make_shared<ClientRecord>(Record());
  after->state = State::kDead;
  after->health = Health::kStalled;
  after->cause = Cause::kProcessExited;
  const Transition transition{before, after, kNow.wall - seconds(30)};
  const auto matches = [](std::string_view text, const Transition& of) {
    const auto filter = Filter::Parse(text, TransitionSchema());
    EXPECT_TRUE(filter.ok()) << filter.status();
    return filter.ok() && filter->Matches(TransitionFields(of, kNow.wall));
  };
  for (const char* text : {"client_id = db-1 to_state = DEAD", "from_state = ALIVE", "from_health = OK",
                           "to_health = STALLED", "cause = PROCESS_EXITED", "time = 2026-01-31T11:59:30Z",
                           "age = 30s", "state = DEAD", "labels.zone = eu", "revision > 1"}) {
    EXPECT_TRUE(matches(text, transition)) << text;
  }
  const Transition first{nullptr, before, kNow.wall};
  EXPECT_TRUE(matches("from_state = UNSPECIFIED to_state = ALIVE", first));
  EXPECT_FALSE(matches("from_health = STALLED", first));
}

TEST(LastHeartbeatTest, IsToldByTheEvidenceOfOneThatThisProcessHasNotHeard) {
  ClientRecord record = Record();
  record.state = State::kDead;
  auto evidence = std::make_shared<Evidence>();
  evidence->gather_time = kNow.wall - minutes(5);
  evidence->silence = seconds(9);
  evidence->credited = seconds(2);
  record.evidence = evidence;
  const WallTime heard = kNow.wall - minutes(5) - seconds(11);
  EXPECT_EQ(LastHeartbeat(record, {}, kNow), heard);
  EXPECT_TRUE(Matches("last_heartbeat_age > 310s", record, {}));
  EXPECT_FALSE(Matches("last_heartbeat_age > 312s", record, {}));
  EXPECT_TRUE(Matches("last_heartbeat_time < 2026-01-31T11:55:00Z", record, {}));
  EXPECT_EQ(LastHeartbeat(record, Alive(), kNow), kNow.wall - seconds(2))
      << "what it has heard itself counts";
  record.state = State::kAlive;
  EXPECT_EQ(LastHeartbeat(record, {}, kNow), std::nullopt) << "it was heard since, nobody knows when";
}

TEST(LastHeartbeatTest, IsNotKnownOfOneWhoseServerHasNotHeardIt) {
  ClientRecord record = Record();
  record.state = State::kDead;
  EXPECT_EQ(LastHeartbeat(record, {}, kNow), std::nullopt);
  auto evidence = std::make_shared<Evidence>();
  evidence->gather_time = kNow.wall;
  record.evidence = evidence;
  EXPECT_EQ(LastHeartbeat(record, {}, kNow), std::nullopt);
  auto pinged = std::make_shared<Evidence>(*evidence);
  pinged->last_sequence = 3;
  record.evidence = pinged;
  EXPECT_EQ(LastHeartbeat(record, {}, kNow), kNow.wall) << "it said goodbye in its last ping's moment";
}

}  // namespace
}  // namespace liveness::core
