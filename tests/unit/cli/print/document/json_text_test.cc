#include "client/cli/print/document/json_text.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <limits>

#include "client/cli/print/document/field_text.h"
#include "client/cli/print/message.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Client Sample() {
  v1::Client client;
  client.set_name("clients/web-1");
  client.set_client_id("web-1");
  client.set_incarnation(17'000'000'000'000'001);
  client.set_attachment(2);
  client.set_state(v1::STATE_DEAD);
  client.set_pid(4711);
  (*client.mutable_labels())["zone"] = "yes";
  (*client.mutable_labels())["alive"] = "5";
  client.mutable_interval()->set_nanos(250'000'000);
  client.mutable_register_time()->set_seconds(1'700'000'000);
  client.mutable_evidence()->mutable_goodbye()->set_signal(11);
  client.mutable_evidence()->mutable_heartbeat()->set_missed(3);
  client.add_progress()->set_name("loop");
  client.add_progress()->set_name("poll");
  client.set_suspicion_level(0.1);
  return client;
}

template <typename Message>
Message Back(const std::string& json) {
  Message back;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &back);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  return back;
}

TEST(JsonTextTest, HasTheContractsNamesAndReadsBack) {
  const std::string line = ToJsonLine(Sample());
  EXPECT_THAT(line, HasSubstr("\"client_id\":\"web-1\""));
  EXPECT_THAT(line, HasSubstr("\"state\":\"STATE_DEAD\""));
  EXPECT_THAT(line, HasSubstr("\"flapping\":false")) << "what is zero is there too";
  EXPECT_THAT(line, Not(HasSubstr("\"rtt\"")));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  for (const std::string& json : {line, ToJson(Sample())}) {
    EXPECT_TRUE(MessageDifferencer::Equals(Back<v1::Client>(json), Sample())) << json;
  }
}

// But for 64-bit integers it is what Protobuf writes. (That writes moments last; here they stand in the
// contract's order.)
TEST(JsonTextTest, LooksAsProtobufHasIt) {
  v1::LastWords words;
  words.set_will("so long");
  words.add_notes()->mutable_load();
  for (const google::protobuf::Message* message :
       std::initializer_list<const google::protobuf::Message*>{&words, &v1::Client::default_instance()}) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.always_print_primitive_fields = true;
    options.add_whitespace = true;
    std::string theirs;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(*message, &theirs, options).ok());
    std::string ours = ToJson(*message) + "\n";
    for (const char* number : {"memory_bytes", "pid"}) {
      const std::string from = std::string("\"") + number + "\": 0";
      const std::size_t at = ours.find(from);
      if (at != std::string::npos) ours.replace(at, from.size(), std::string("\"") + number + "\": \"0\"");
    }
    EXPECT_EQ(ours, theirs);
  }
}

TEST(JsonTextTest, CountsAreNumbersAndWhatIdentifiesIsText) {
  v1::GetStatsResponse stats;
  stats.mutable_counts()->set_alive(5);
  stats.set_revision(1'795'757'960'656'048);
  EXPECT_THAT(ToJsonLine(stats), HasSubstr("\"counts\":{\"alive\":5,\"suspect\":0,"));
  EXPECT_THAT(ToJsonLine(stats), HasSubstr("\"revision\":\"1795757960656048\""));
  EXPECT_THAT(ToJson(stats), HasSubstr("{\n \"counts\": {\n  \"alive\": 5,\n"));
  const std::string client = ToJsonLine(Sample());
  EXPECT_THAT(client, HasSubstr("\"pid\":4711"));
  EXPECT_THAT(client, HasSubstr("\"missed\":3"));
  EXPECT_THAT(client, HasSubstr("\"incarnation\":\"17000000000000001\",\"attachment\":\"2\""));
  EXPECT_THAT(client, HasSubstr("\"labels\":{\"alive\":\"5\",\"zone\":\"yes\"}")) << "a label is text";
  v1::Gap gap;
  gap.set_after_revision(7);
  EXPECT_EQ(ToJsonLine(gap), "{\"after_revision\":\"7\",\"resumes_at_revision\":\"0\"}");
}

TEST(JsonTextTest, ANumberThatADoubleWouldRoundIsText) {
  v1::StateCounts counts;
  counts.set_alive(std::int64_t{1} << 53);
  counts.set_dead((std::int64_t{1} << 53) + 1);
  counts.set_left(std::numeric_limits<std::int64_t>::min());
  const std::string json = ToJsonLine(counts);
  EXPECT_THAT(json, HasSubstr("\"alive\":9007199254740992,"));
  EXPECT_THAT(json, HasSubstr("\"dead\":\"9007199254740993\""));
  EXPECT_TRUE(MessageDifferencer::Equals(Back<v1::StateCounts>(json), counts));
}

TEST(JsonTextTest, FractionsKeepTheirDigits) {
  v1::Scorecard card;
  card.set_query_accuracy(0.999999999);
  card.set_mistake_rate(std::numeric_limits<double>::infinity());
  EXPECT_THAT(ToJsonLine(card), HasSubstr("\"query_accuracy\":0.999999999"));
  EXPECT_TRUE(MessageDifferencer::Equals(Back<v1::Scorecard>(ToJsonLine(card)), card));
  EXPECT_THAT(ToYaml(card), HasSubstr("query_accuracy: 0.999999999\n"));
}

TEST(JsonTextTest, AnEnumValueOfANewerServerIsItsNumber) {
  v1::Client client;
  client.set_state(static_cast<v1::State>(77));
  EXPECT_THAT(ToJsonLine(client), HasSubstr("\"state\":77"));
}

TEST(JsonTextTest, QuotedTextCannotBreakOut) {
  for (const auto quoted : {QuotedJson, QuotedYaml})
    EXPECT_EQ(quoted("a\"\\\n\x01"), "\"a\\\"\\\\\\u000a\\u0001\"");
}

TEST(JsonTextTest, WhatIsHiddenIsEscapedAndReadsBack) {
  v1::Client client;
  const std::string id = "a\u061cb\u200bc\u202ed\u0085e\U000e0041";
  client.set_client_id(id);
  const std::string json = ToJson(client);
  EXPECT_THAT(json, HasSubstr("\"a\\u061cb\\u200bc\\u202ed\\u0085e\\udb40\\udc41\""));
  EXPECT_EQ(Back<v1::Client>(json).client_id(), id);
  EXPECT_THAT(ToYaml(client), HasSubstr("client_id: \"a\\u061cb\\u200bc\\u202ed\\u0085e\\U000e0041\"\n"));
  EXPECT_EQ(QuotedJson("größe 日本"), "\"größe 日本\"");
}

}  // namespace
}  // namespace liveness::cli
