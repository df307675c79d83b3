#include "server/rpc/heartbeat/heartbeat_codec.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace liveness::rpc {
namespace {

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
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

TEST(HeartbeatCodecTest, Parses) {
  StackArena arena;
  const std::string text = HelloBytes("client-one");
  const auto* request = ParseRequest(Bytes(text), arena);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->hello().client_id(), "client-one");
}

TEST(HeartbeatCodecTest, NullForWhatIsNoMessage) {
  for (const std::string& text : {std::string("\xff\xff\xff"),
                                  std::string("\x0a\x05"
                                              "ab"),
                                  WithBadText(HelloBytes("good"), "good")}) {
    StackArena arena;
    EXPECT_EQ(ParseRequest(Bytes(text), arena), nullptr);
  }
}

TEST(HeartbeatCodecTest, NoBytesAreAnEmptyMessage) {
  StackArena arena;
  const auto* request = ParseRequest({}, arena);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->message_case(), v1::HeartbeatRequest::MESSAGE_NOT_SET);
}

TEST(HeartbeatCodecTest, NamesTheTextsThatAreNoUtf8) {
  const auto violations = TextsThatAreNoUtf8(Bytes(WithBadText(HelloBytes("good"), "good")));
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].field, "hello.client_id");

  EXPECT_EQ(TextsThatAreNoUtf8(Bytes(WithBadText(HelloBytes("good", "value"), "value"))).size(), 1U);
  EXPECT_TRUE(TextsThatAreNoUtf8(Bytes(HelloBytes("good"))).empty());
  // Broken in another way as well: then that is what is wrong.
  EXPECT_TRUE(TextsThatAreNoUtf8(Bytes(WithBadText(HelloBytes("good"), "good") + "\x0a\x7f")).empty());
  EXPECT_TRUE(TextsThatAreNoUtf8(Bytes("\xff\xff\xff")).empty());
}

TEST(HeartbeatCodecTest, AnEarlierTextThatIsNoneIsNotForgottenForALaterOne) {
  v1::HeartbeatRequest request;
  (*request.mutable_hello()->mutable_labels())["badkey"] = "fine";
  const std::string bytes = WithBadText(request.SerializeAsString(), "badkey");
  const auto violations = TextsThatAreNoUtf8(Bytes(bytes));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "hello.labels");
}

}  // namespace
}  // namespace liveness::rpc
