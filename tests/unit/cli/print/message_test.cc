#include "client/cli/print/message.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <sstream>

#include "client/cli/print/document/json_text.h"
#include "liveness/v1/client.pb.h"

namespace liveness::cli {
namespace {

using ::testing::HasSubstr;

v1::Client Sample() {
  v1::Client client;
  client.set_name("clients/web-1");
  client.set_client_id("web-1");
  client.set_incarnation(17'000'000'000'000'001);
  client.set_state(v1::STATE_DEAD);
  (*client.mutable_labels())["zone"] = "yes";
  client.mutable_interval()->set_nanos(250'000'000);
  client.mutable_register_time()->set_seconds(1'700'000'000);
  client.mutable_evidence()->mutable_goodbye()->set_signal(11);
  client.add_progress()->set_name("loop");
  client.add_progress()->set_name("poll");
  return client;
}

TEST(ProtoOutputTest, YamlHasEveryFieldInTheContractsOrder) {
  EXPECT_EQ(ToYaml(Sample().evidence()),
            "goodbye:\n"
            "  reason: \"\"\n"
            "  signal: 11\n"
            "progress: []\n"
            "confidence: CONFIDENCE_UNSPECIFIED\n"
            "summary: \"\"\n");
  const std::string yaml = ToYaml(Sample());
  EXPECT_THAT(yaml, HasSubstr("name: \"clients/web-1\"\nclient_id: \"web-1\"\ninstance_id: \"\"\n"
                              "incarnation: 17000000000000001\n"));
  EXPECT_THAT(yaml, HasSubstr("state: STATE_DEAD\n"));
  EXPECT_THAT(yaml, HasSubstr("labels:\n  \"zone\": \"yes\"\n"));
  EXPECT_THAT(yaml, HasSubstr("register_time: \"2023-11-14T22:13:20Z\"\ninterval: \"0.250s\"\n"));
  EXPECT_THAT(yaml, HasSubstr("progress:\n- name: \"loop\"\n- name: \"poll\"\n"));
}

TEST(ProtoOutputTest, AnEmptyMessageIsAnEmptyMapping) {
  EXPECT_EQ(ToYaml(v1::StreamEvidence(), 2), "  end: STREAM_END_UNSPECIFIED\n");
}

TEST(PrintMessageTest, OnlyDocumentsAreWritten) {
  v1::StreamEvidence message;
  std::ostringstream json, yaml, none;
  EXPECT_TRUE(PrintMessage(message, OutputFormat::kJson, json));
  EXPECT_EQ(json.str(), ToJson(message) + "\n");
  EXPECT_TRUE(PrintMessage(message, OutputFormat::kYaml, yaml));
  EXPECT_EQ(yaml.str(), ToYaml(message));
  for (const OutputFormat format :
       {OutputFormat::kUnset, OutputFormat::kTable, OutputFormat::kWide, OutputFormat::kName}) {
    EXPECT_FALSE(PrintMessage(message, format, none));
  }
  EXPECT_EQ(none.str(), "");
}

TEST(MessageWriterTest, JsonIsOneDocument) {
  std::ostringstream out;
  MessageWriter writer(out, "clients", OutputFormat::kJson);
  writer.Add(Sample());
  writer.Add(Sample());
  writer.Finish();
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::Client any;  // whatever: the parser reads all of the text
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(out.str(), &any, options).ok()) << out.str();
}

TEST(MessageWriterTest, NothingIsAnEmptyList) {
  std::ostringstream json;
  MessageWriter(json, "clients", OutputFormat::kJson).Finish();
  EXPECT_EQ(json.str(), "{\"clients\": []}\n");
  std::ostringstream yaml;
  MessageWriter(yaml, "clients", OutputFormat::kYaml).Finish();
  EXPECT_EQ(yaml.str(), "clients: []\n");
}

TEST(MessageWriterTest, YamlItemsAreMarked) {
  std::ostringstream out;
  MessageWriter writer(out, "clients", OutputFormat::kYaml);
  v1::Progress progress;
  progress.set_name("a");
  writer.Add(progress);
  writer.Add(progress);
  writer.Finish();
  EXPECT_EQ(out.str(), "clients:\n- name: \"a\"\n- name: \"a\"\n");
}

}  // namespace
}  // namespace liveness::cli
