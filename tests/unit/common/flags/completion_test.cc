#include "common/flags/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::common {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

CommandDoc Program() {
  const FlagDoc server{.names = {"--server"}, .value = "HOST:PORT", .help = "Where"};
  const FlagDoc output{
      .names = {"-o", "--output"}, .value = "table|json", .choices = {"table", "json"}, .help = "How"};
  const FlagDoc quiet{.names = {"--quiet"}, .help = "Say\nnothing"};
  const FlagDoc key{.names = {"--key"}, .value = "FILE"};
  const FlagDoc name{.names = {"NAME"}, .is_positional = true, .value = "TEXT"};
  const FlagDoc file{.names = {"FILE"}, .is_positional = true, .value = "FILE"};
  const CommandDoc get{.name = "get", .help = "Show", .flags = {name, quiet}};
  const CommandDoc grant{.name = "grant", .help = "Allow", .commands = {{.name = "all"}, {.name = "none"}}};
  const CommandDoc load{.name = "load", .help = "Read", .flags = {file}};
  return {.name = "tool", .flags = {server, output, key}, .commands = {get, grant, load}};
}

std::vector<std::string> Offered(const std::vector<std::string>& words) {
  std::vector<std::string> texts;
  for (const auto& word : Complete(Program(), words).words) texts.push_back(word.text);
  return texts;
}

TEST(CompletionTest, OffersCommandsWhereOneIsDue) {
  EXPECT_THAT(Offered({""}), ElementsAre("get", "grant", "load"));
  EXPECT_THAT(Offered({"gr"}), ElementsAre("grant"));
  EXPECT_THAT(Offered({"grant", ""}), ElementsAre("all", "none"));
  EXPECT_THAT(Offered({"--server=a", "-o", "json", "g"}), ElementsAre("get", "grant"));
  EXPECT_THAT(Offered({}), IsEmpty());
}

TEST(CompletionTest, OffersTheFlagsOfTheCommandAndOfTheProgram) {
  EXPECT_THAT(Offered({"get", "--"}), ElementsAre("--quiet", "--server=", "--output=", "--key="));
  EXPECT_THAT(Offered({"get", "--q"}), ElementsAre("--quiet"));
  EXPECT_EQ(Complete(Program(), {"get", "--q"}).words[0].help, "Say");
  EXPECT_THAT(Offered({"get", "--", "--q"}), IsEmpty()) << "a name, after --";
}

TEST(CompletionTest, OffersTheValuesOfAFlag) {
  EXPECT_THAT(Offered({"--output=j"}), ElementsAre("--output=json"));
  EXPECT_THAT(Offered({"get", "-o", ""}), ElementsAre("table", "json"));
  const Completion file = Complete(Program(), {"--key=/et"});
  EXPECT_EQ(file.rest, Completion::Rest::kFile);
  EXPECT_EQ(file.prefix, "--key=");
  EXPECT_EQ(file.part, "/et");
  const Completion argument = Complete(Program(), {"load", "/et"});
  EXPECT_EQ(argument.rest, Completion::Rest::kFile);
  EXPECT_EQ(argument.part, "/et");
  EXPECT_THAT(Offered({"--quiet=x"}), IsEmpty());
  EXPECT_THAT(Offered({"--nonsense=x"}), IsEmpty());
}

TEST(CompletionTest, SaysWhichArgumentOnlyTheProgramKnows) {
  const Completion names = Complete(Program(), {"--server", "a:1", "get", "--output=json", "web"});
  EXPECT_EQ(names.rest, Completion::Rest::kNames);
  EXPECT_EQ(names.argument, "NAME");
  EXPECT_EQ(names.part, "web");
  EXPECT_THAT(names.commands, ElementsAre("get"));
  EXPECT_THAT(names.flags, ElementsAre("--server=a:1", "--output=json"))
      << "so that it can ask where the user asks";
  EXPECT_EQ(Complete(Program(), {"get", "--", "we"}).rest, Completion::Rest::kNames);
}

}  // namespace
}  // namespace liveness::common
