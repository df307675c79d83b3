#include "server/rpc/heartbeat/heartbeat_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace liveness::rpc {
namespace {

v1::HeartbeatResponse Parsed(const grpc::ByteBuffer& bytes) {
  const grpc::Slice slice = OneSlice(bytes);
  v1::HeartbeatResponse response;
  EXPECT_TRUE(response.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  return response;
}

// Split into slices, as large or slow messages arrive.
grpc::ByteBuffer Split(const std::string& text, std::size_t slice_size) {
  std::vector<grpc::Slice> slices;
  for (std::size_t at = 0; at < text.size(); at += slice_size)
    slices.emplace_back(text.substr(at, slice_size));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

TEST(HeartbeatBytesTest, AMessageIsInOnePieceHoweverItCame) {
  const std::string text(3000, 'x');
  for (const std::size_t slice_size : {1U, 1000U, 4000U}) {
    const grpc::Slice slice = OneSlice(Split(text, slice_size));
    EXPECT_TRUE(std::ranges::equal(BytesOf(slice), text)) << "in slices of " << slice_size;
  }
  grpc::Slice empty;
  EXPECT_EQ(OneSlice(grpc::ByteBuffer(&empty, 1)).size(), 0U);
  EXPECT_EQ(OneSlice(grpc::ByteBuffer(nullptr, 0)).size(), 0U);
  EXPECT_EQ(OneSlice(grpc::ByteBuffer()).size(), 0U);
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
