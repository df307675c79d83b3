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

TEST(HeartbeatCodecTest, ALabelIsTwoTextsAndTheBytesAboutThemAreNone) {
  // 200 takes a size of two bytes, which are no UTF-8.
  const std::string bytes = WithBadText(HelloBytes("good", std::string(200, 'v')), "good");
  const auto violations = TextsThatAreNoUtf8(Bytes(bytes));
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].field, "hello.client_id");
  // A label that is cut short is no label: that is what is wrong.
  v1::HeartbeatRequest request;
  request.mutable_hello()->set_client_id("good");
  (*request.mutable_hello()->mutable_labels())["k"] = "v";
  std::string cut = WithBadText(request.SerializeAsString(), "good");
  ASSERT_EQ(cut[cut.size() - 2], 1) << "the size of the label's value";
  cut[cut.size() - 2] = 7;
  EXPECT_TRUE(TextsThatAreNoUtf8(Bytes(cut)).empty());
}

// What is no text is passed over, and whoever writes fields of another kind is not read as a text.
TEST(HeartbeatCodecTest, OnlyTextsOfAHelloAreLookedAt) {
  const std::string bad("\x04\xff\xff\xff\xff", 5);
  // client_id twice: as a number, and as bytes.
  const std::string number("\x08\x07", 2);
  const std::string text = "\x0a" + bad;
  for (const auto& [fields, found] :
       {std::pair(number + text, 1U), std::pair(number, 0U), std::pair("\x92\x7d" + bad, 0U)}) {
    const std::string hello = "\x0a" + std::string(1, static_cast<char>(fields.size())) + fields;
    EXPECT_EQ(TextsThatAreNoUtf8(Bytes(hello)).size(), found);
  }
  // Texts of no hello: an unknown message, and one that is cut short behind a bad text.
  EXPECT_TRUE(TextsThatAreNoUtf8(Bytes("\x92\x7d\x06" + text)).empty());
  EXPECT_TRUE(TextsThatAreNoUtf8(Bytes("\x0a\x08" + text + "\x0a\x05")).empty());
}

}  // namespace
}  // namespace liveness::rpc
