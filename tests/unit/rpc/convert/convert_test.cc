#include "server/rpc/convert/convert.h"

#include <gtest/gtest.h>

#include <limits>

namespace liveness::rpc {
namespace {

using common::Duration;
using common::WallTime;

google::protobuf::Duration Proto(std::int64_t seconds, std::int32_t nanos) {
  google::protobuf::Duration proto;
  proto.set_seconds(seconds);
  proto.set_nanos(nanos);
  return proto;
}

TEST(ConvertTest, DurationsComeBack) {
  for (const std::int64_t nanos : {0LL, 1LL, -1LL, 999'999'999LL, 1'500'000'000LL, -1'500'000'000LL}) {
    google::protobuf::Duration proto;
    ToProto(Duration(nanos), proto);
    EXPECT_EQ(FromProto(proto).count(), nanos);
    // The wire wants both parts of one sign.
    EXPECT_GE(proto.seconds() * proto.nanos(), 0) << nanos;
  }
}

TEST(ConvertTest, WhatDoesNotFitIsTheNearest) {
  EXPECT_EQ(FromProto(Proto(std::numeric_limits<std::int64_t>::max(), 0)), Duration::max());
  EXPECT_EQ(FromProto(Proto(std::numeric_limits<std::int64_t>::min(), 0)), Duration::min());
  EXPECT_EQ(FromProto(Proto(9'223'372'036, 999'999'999)), Duration::max());
  EXPECT_EQ(FromProto(Proto(9'223'372'036, 854'775'807)), Duration::max());
  EXPECT_EQ(FromProto(Proto(9'223'372'036, 854'775'806)), Duration::max() - Duration(1));
  EXPECT_EQ(FromProto(Proto(-9'223'372'036, -999'999'999)), Duration::min());
}

TEST(ConvertTest, TimesBeforeTheEpochHavePositiveNanos) {
  google::protobuf::Timestamp proto;
  ToProto(WallTime(Duration(-1)), proto);
  EXPECT_EQ(proto.seconds(), -1);
  EXPECT_EQ(proto.nanos(), 999'999'999);
  ToProto(WallTime(Duration(1'700'000'000'000'000'001)), proto);
  EXPECT_EQ(proto.seconds(), 1'700'000'000);
  EXPECT_EQ(proto.nanos(), 1);
}

}  // namespace
}  // namespace liveness::rpc
