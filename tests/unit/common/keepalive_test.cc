#include "common/keepalive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::common {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

std::vector<std::string> WrongFields(const KeepaliveSettings& settings) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : Validate(settings)) fields.push_back(violation.field);
  return fields;
}

TEST(KeepaliveTest, ThePresetsAreThoseOfTheContract) {
  const KeepaliveSettings standard = {
      seconds(10), seconds(40), {true, seconds(30), seconds(3), 3, seconds(39)}, seconds(30), seconds(10)};
  const KeepaliveSettings strict = {
      seconds(3), seconds(9), {true, seconds(6), seconds(1), 3, seconds(9)}, seconds(6), seconds(3)};
  EXPECT_EQ(StandardPreset(), standard);
  EXPECT_EQ(StrictPreset(), strict);
  EXPECT_EQ(PresetByName("standard"), standard);
  EXPECT_EQ(PresetByName("strict"), strict);
  EXPECT_EQ(PresetByName("Strict"), std::nullopt);
  EXPECT_EQ(PresetByName(""), std::nullopt);
}

TEST(KeepaliveTest, ThePresetsUserTimeoutsFollowTheFormula) {
  for (const KeepaliveSettings& preset : {StandardPreset(), StrictPreset()}) {
    const TcpKeepalive& tcp = preset.tcp;
    EXPECT_EQ(tcp.user_timeout, DefaultUserTimeout(tcp.idle, tcp.interval, tcp.count));
    EXPECT_THAT(Validate(preset), IsEmpty());
  }
}

TEST(KeepaliveTest, SilenceIsFoundWithinTheWindowOfTheContract) {
  EXPECT_EQ(SilenceFoundAfter(StandardPreset()).earliest, seconds(30));
  EXPECT_EQ(SilenceFoundAfter(StandardPreset()).latest, seconds(40));
  EXPECT_EQ(SilenceFoundAfter(StrictPreset()).earliest, seconds(6));
  EXPECT_EQ(SilenceFoundAfter(StrictPreset()).latest, seconds(9));
}

TEST(KeepaliveTest, HeartbeatAndHttp2GoDownToATenthOfASecond) {
  KeepaliveSettings settings = StrictPreset();
  settings.heartbeat_interval = settings.heartbeat_timeout = milliseconds(100);
  settings.http2_time = settings.http2_timeout = milliseconds(100);
  EXPECT_THAT(Validate(settings), IsEmpty());

  settings.heartbeat_interval = settings.heartbeat_timeout = milliseconds(99);
  settings.http2_time = settings.http2_timeout = milliseconds(99);
  EXPECT_THAT(WrongFields(settings),
              ElementsAre("heartbeat_interval", "heartbeat_timeout", "http2_time", "http2_timeout"));
}

TEST(KeepaliveTest, ATimeoutBelowTheIntervalIsWrong) {
  KeepaliveSettings settings = StandardPreset();
  settings.heartbeat_timeout = settings.heartbeat_interval - Duration(1);
  EXPECT_THAT(WrongFields(settings), ElementsAre("heartbeat_timeout"));
  settings.heartbeat_timeout = settings.heartbeat_interval;
  EXPECT_THAT(Validate(settings), IsEmpty());
}

TEST(KeepaliveTest, NothingAboveADayNorNegative) {
  KeepaliveSettings settings = StandardPreset();
  settings.heartbeat_timeout = Duration::max();
  settings.http2_time = Duration::min();
  EXPECT_THAT(WrongFields(settings), ElementsAre("heartbeat_timeout", "http2_time"));
}

TEST(KeepaliveTest, TcpValuesMustBeWhatTheKernelTakes) {
  KeepaliveSettings settings = StandardPreset();
  settings.tcp = {true, seconds(32767), seconds(32767), 127, milliseconds(0)};
  EXPECT_THAT(Validate(settings), IsEmpty());
  settings.tcp = {true, seconds(32768), seconds(32768), 128, std::chrono::hours(25)};
  EXPECT_THAT(WrongFields(settings),
              ElementsAre("tcp_idle", "tcp_interval", "tcp_count", "tcp_user_timeout"));
  settings.tcp = {true, seconds(0), seconds(-1), 0, milliseconds(-1)};
  EXPECT_THAT(WrongFields(settings),
              ElementsAre("tcp_idle", "tcp_interval", "tcp_count", "tcp_user_timeout"));
  settings.tcp.idle = seconds::max();  // in nanoseconds it would overflow
  EXPECT_THAT(Validate(settings), Contains(Field(&FieldViolation::field, "tcp_idle")));
}

TEST(KeepaliveTest, TcpValuesDoNotMatterWhenItIsOff) {
  KeepaliveSettings settings = StandardPreset();
  settings.tcp = {false, seconds(0), seconds(0), 0, milliseconds(0)};
  EXPECT_THAT(Validate(settings), IsEmpty());
}

TEST(KeepaliveTest, TheDescriptionSaysTheValueAndTheBound) {
  KeepaliveSettings settings = StandardPreset();
  settings.http2_time = milliseconds(50);
  EXPECT_THAT(Validate(settings), ElementsAre(FieldViolation{"http2_time", "is 50ms, below 100ms"}));
}

}  // namespace
}  // namespace liveness::common
