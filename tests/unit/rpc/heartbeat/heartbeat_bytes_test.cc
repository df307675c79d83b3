#include "server/rpc/heartbeat/heartbeat_bytes.h"

#include <gtest/gtest.h>

#include "server/rpc/engine/message_bytes.h"

namespace liveness::rpc {
namespace {

v1::HeartbeatResponse Parsed(const grpc::ByteBuffer& bytes) {
  const grpc::Slice slice = OneSlice(bytes);
  v1::HeartbeatResponse response;
  EXPECT_TRUE(response.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  return response;
}

TEST(HeartbeatBytesTest, ProbeAndDrain) {
  const v1::HeartbeatResponse probe = Parsed(SerializeProbe(3, common::WallTime(std::chrono::seconds(9))));
  EXPECT_EQ(probe.ping().sequence(), 3U);
  EXPECT_EQ(probe.ping().send_time().seconds(), 9);
  EXPECT_EQ(Parsed(SerializeDrain(std::chrono::milliseconds(2500))).drain().reconnect_within().nanos(),
            500'000'000);
}

TEST(HeartbeatBytesTest, Pong) {
  const v1::HeartbeatResponse pong = Parsed(SerializePong({.ping = {.sequence = 7}}));
  EXPECT_EQ(pong.pong().sequence(), 7U);
  EXPECT_FALSE(pong.pong().has_send_time());
}

}  // namespace
}  // namespace liveness::rpc
