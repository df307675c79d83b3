#include "client/cli/print/proto_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>

namespace liveness::cli {
namespace {

TEST(ProtoTextTest, PeopleSeeTheShortNames) {
  EXPECT_EQ(StateText(v1::STATE_ALIVE), "ALIVE");
  EXPECT_EQ(StateText(v1::STATE_UNSPECIFIED), "");
  EXPECT_EQ(HealthText(v1::HEALTH_STALLED), "STALLED");
  EXPECT_EQ(CauseText(v1::CAUSE_PROCESS_EXITED), "PROCESS_EXITED");
}

TEST(ProtoTextTest, AValueOfANewerServerIsItsNumber) {
  EXPECT_EQ(StateText(static_cast<v1::State>(42)), "42");
}

TEST(ProtoTextTest, IdAndNameAreBothUnderstood) {
  EXPECT_EQ(ClientName("web-1"), "clients/web-1");
  EXPECT_EQ(ClientName("clients/web-1"), "clients/web-1");
  EXPECT_EQ(ClientName("host/app"), "clients/host/app");
  EXPECT_EQ(ClientId("clients/host/app"), "host/app");
}

TEST(ProtoTextTest, LabelsAreInOrder) {
  v1::Client client;
  EXPECT_EQ(LabelsText(client.labels()), "");
  (*client.mutable_labels())["zone"] = "eu";
  (*client.mutable_labels())["app"] = "web";
  EXPECT_EQ(LabelsText(client.labels()), "app=web,zone=eu");
}

TEST(ProtoTextTest, TimesGoToTheWireAndBack) {
  using std::chrono::milliseconds;
  const common::WallTime before_epoch(milliseconds(-1500));
  EXPECT_EQ(ToProto(before_epoch).seconds(), -2) << "nanos of a Timestamp count forwards";
  EXPECT_EQ(ToProto(before_epoch).nanos(), 500'000'000);
  EXPECT_EQ(FromProto(ToProto(before_epoch)), before_epoch);
  EXPECT_EQ(ToProto(milliseconds(1500)).seconds(), 1);
  EXPECT_EQ(FromProto(ToProto(milliseconds(1500))), milliseconds(1500));
}

TEST(ProtoTextTest, AHostileServersTimesAreCut) {
  using std::chrono::seconds;
  constexpr seconds kMost(4'600'000'000);
  google::protobuf::Timestamp time;
  google::protobuf::Duration span;
  time.set_seconds(std::numeric_limits<std::int64_t>::min());
  span.set_seconds(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(FromProto(time), common::WallTime(-kMost));
  EXPECT_EQ(FromProto(span), common::Duration(kMost));
}

TEST(ProtoTextTest, AnIdCannotBreakOutOfItsFilter) {
  EXPECT_EQ(FilterString("a\" OR state = DEAD OR client_id = \"\\"),
            "\"a\\\" OR state = DEAD OR client_id = \\\"\\\\\"");
}

}  // namespace
}  // namespace liveness::cli
