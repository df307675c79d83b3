#include "server/rpc/heartbeat/heartbeat_codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace liveness::rpc {
namespace {

// Split into slices, as large or slow messages arrive.
grpc::ByteBuffer Bytes(const std::string& text, std::size_t slice_size = 1 << 20) {
  std::vector<grpc::Slice> slices;
  for (std::size_t at = 0; at < text.size(); at += slice_size)
    slices.emplace_back(text.substr(at, slice_size));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

v1::HeartbeatResponse Parsed(grpc::ByteBuffer bytes) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(bytes.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices)
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  v1::HeartbeatResponse response;
  EXPECT_TRUE(response.ParseFromString(text));
  return response;
}

std::string HelloBytes(const std::string& client_id, const std::string& label = "v") {
  v1::HeartbeatRequest request;
  request.mutable_hello()->set_client_id(client_id);
  request.mutable_hello()->set_pid(7);
  (*request.mutable_hello()->mutable_labels())["k"] = label;
  return request.SerializeAsString();
}

// Protobuf would not write text that is no UTF-8 without complaint: put it in afterwards.
std::string WithBadText(std::string bytes, const std::string& good) {
  bytes.replace(bytes.find(good), good.size(), std::string(good.size(), '\xff'));
  return bytes;
}

TEST(HeartbeatCodecTest, ParsesOverSliceBoundaries) {
  const std::string text = HelloBytes("client-one");
  for (const std::size_t slice_size : {1U, 3U, 1000U}) {
    grpc::ByteBuffer bytes = Bytes(text, slice_size);
    StackArena arena;
    const auto* request = ParseRequest(bytes, arena);
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(request->hello().client_id(), "client-one");
  }
}

TEST(HeartbeatCodecTest, NullForWhatIsNoMessage) {
  for (const std::string& text : {std::string("\xff\xff\xff"),
                                  std::string("\x0a\x05"
                                              "ab"),
                                  WithBadText(HelloBytes("good"), "good")}) {
    grpc::ByteBuffer bytes = Bytes(text);
    StackArena arena;
    EXPECT_EQ(ParseRequest(bytes, arena), nullptr);
  }
}

TEST(HeartbeatCodecTest, NoBytesAreAnEmptyMessage) {
  grpc::Slice empty;
  grpc::ByteBuffer bytes(&empty, 1);
  StackArena arena;
  const auto* request = ParseRequest(bytes, arena);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->message_case(), v1::HeartbeatRequest::MESSAGE_NOT_SET);
}

TEST(HeartbeatCodecTest, NamesTheTextsThatAreNoUtf8) {
  grpc::ByteBuffer id = Bytes(WithBadText(HelloBytes("good"), "good"), 2);
  const auto violations = TextsThatAreNoUtf8(id);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].field, "hello.client_id");

  grpc::ByteBuffer label = Bytes(WithBadText(HelloBytes("good", "value"), "value"));
  ASSERT_EQ(TextsThatAreNoUtf8(label).size(), 1U);
  grpc::ByteBuffer fine = Bytes(HelloBytes("good"));
  EXPECT_TRUE(TextsThatAreNoUtf8(fine).empty());
  // Broken in another way as well: then that is what is wrong.
  grpc::ByteBuffer cut = Bytes(WithBadText(HelloBytes("good"), "good") + "\x0a\x7f");
  EXPECT_TRUE(TextsThatAreNoUtf8(cut).empty());
  grpc::ByteBuffer garbage = Bytes("\xff\xff\xff");
  EXPECT_TRUE(TextsThatAreNoUtf8(garbage).empty());
}

TEST(HeartbeatCodecTest, ProbeAndDrain) {
  const v1::HeartbeatResponse probe = Parsed(SerializeProbe(3, common::WallTime(std::chrono::seconds(9))));
  EXPECT_EQ(probe.ping().sequence(), 3U);
  EXPECT_EQ(probe.ping().send_time().seconds(), 9);
  EXPECT_EQ(Parsed(SerializeDrain(std::chrono::milliseconds(2500))).drain().reconnect_within().nanos(),
            500'000'000);
}

}  // namespace
}  // namespace liveness::rpc
