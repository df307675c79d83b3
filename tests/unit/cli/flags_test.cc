#include "client/cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "client/cli/exit_code.h"

namespace liveness::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class FlagsTest : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("LIVENESS_SERVER"); }
  void TearDown() override { unsetenv("LIVENESS_SERVER"); }

  static Settings Parse(std::vector<std::string> args) {
    auto parsed = ParseFlags(std::move(args));
    if (const auto* message = std::get_if<Message>(&parsed)) {
      ADD_FAILURE() << message->text;
      return {};
    }
    return std::get<Settings>(std::move(parsed));
  }
  template <typename Verb>
  static Verb ParseVerb(std::vector<std::string> args) {
    Settings settings = Parse(std::move(args));
    const Verb* verb = std::get_if<Verb>(&settings.verb);
    if (verb == nullptr) ADD_FAILURE() << "another verb";
    return verb != nullptr ? *verb : Verb{};
  }
  static std::string Refusal(std::vector<std::string> args) {
    const auto parsed = ParseFlags(std::move(args));
    const auto* message = std::get_if<Message>(&parsed);
    return message != nullptr && message->code != ExitCode::kOk ? message->text : "accepted";
  }
};

TEST_F(FlagsTest, FlagGoesBeforeEnvironmentBeforeDefault) {
  EXPECT_THAT(Parse({"list"}).global.servers, ElementsAre("127.0.0.1:7700"));
  setenv("LIVENESS_SERVER", "a:1,b:2", 1);
  EXPECT_THAT(Parse({"list"}).global.servers, ElementsAre("a:1", "b:2"));
  EXPECT_THAT(Parse({"--server=c:3", "list"}).global.servers, ElementsAre("c:3"));
}

TEST_F(FlagsTest, GlobalFlagsStandBeforeOrAfterTheVerb) {
  for (const Settings& settings : {Parse({"-o", "wide", "--timeout=250ms", "--no-headers", "list"}),
                                   Parse({"list", "-o", "wide", "--timeout", "250ms", "--no-headers"})}) {
    EXPECT_EQ(settings.global.output, OutputFormat::kWide);
    EXPECT_EQ(settings.global.timeout, milliseconds(250));
    EXPECT_TRUE(settings.global.no_headers);
  }
}

TEST_F(FlagsTest, BeatHasATimeoutOfItsOwn) {
  const Settings settings = Parse({"beat", "--id=x", "--interval=1s", "--timeout=3s"});
  EXPECT_EQ(settings.global.timeout, seconds(5));
  const BeatSettings& beat = std::get<BeatSettings>(settings.verb);
  EXPECT_EQ(beat.interval, seconds(1));
  EXPECT_EQ(beat.timeout, seconds(3));
}

TEST_F(FlagsTest, LabelsAreCutAtTheFirstEqualsSign) {
  const auto beat =
      ParseVerb<BeatSettings>({"beat", "--label=zone=eu", "--label", "expr=a=b", "--label=empty="});
  EXPECT_THAT(beat.labels, ElementsAre(Pair("empty", ""), Pair("expr", "a=b"), Pair("zone", "eu")));
}

TEST_F(FlagsTest, ACommandsWordsAreItsOwn) {
  const auto beat = ParseVerb<BeatSettings>({"beat", "--id=x", "--", "list", "--server=y", "--", "-o"});
  EXPECT_EQ(beat.id, "x");
  EXPECT_THAT(beat.command, ElementsAre("list", "--server=y", "--", "-o"));
}

TEST_F(FlagsTest, NamesMayBeginWithADashAfterTwo) {
  EXPECT_THAT(ParseVerb<GetSettings>({"get", "a", "--", "-b"}).names, ElementsAre("a", "-b"));
  EXPECT_EQ(ParseVerb<TransitionsSettings>({"transitions", "--", "-b"}).name, "-b");
}

TEST_F(FlagsTest, LastWordsAreAskedForBeforeOrAfterTheName) {
  EXPECT_TRUE(ParseVerb<GetSettings>({"get", "--last-words", "a"}).last_words);
  EXPECT_TRUE(ParseVerb<GetSettings>({"get", "a", "--last-words"}).last_words);
  EXPECT_FALSE(ParseVerb<GetSettings>({"get", "a"}).last_words);
}

TEST_F(FlagsTest, AnyTlsFlagMeansTls) {
  EXPECT_FALSE(Parse({"list"}).global.tls.enabled);
  EXPECT_TRUE(Parse({"list", "--tls"}).global.tls.enabled);
  EXPECT_TRUE(Parse({"list", "--tls-ca=ca.pem"}).global.tls.enabled);
  EXPECT_TRUE(Parse({"list", "--tls-cert=c", "--tls-key=k"}).global.tls.enabled);
}

TEST_F(FlagsTest, ServerAloneMeansInfo) {
  ParseVerb<ServerInfoSettings>({"server"});
  ParseVerb<ServerInfoSettings>({"server", "info"});
}

TEST_F(FlagsTest, MaintenanceIsSetForATimeAndCleared) {
  const auto set = ParseVerb<MaintenanceSettings>({"maintenance", "set", "a", "b", "--for=2h"});
  EXPECT_THAT(set.names, ElementsAre("a", "b"));
  EXPECT_EQ(set.span, std::chrono::hours(2));
  EXPECT_FALSE(set.until.has_value());
  const auto until = ParseVerb<MaintenanceSettings>(
      {"maintenance", "set", "--filter=state = DEAD", "--until=1970-01-02T01:00:00+01:00"});
  EXPECT_EQ(until.filter, "state = DEAD");
  EXPECT_EQ(until.until, common::WallTime(std::chrono::hours(24)));
  const auto clear = ParseVerb<MaintenanceSettings>({"maintenance", "clear", "--", "-a"});
  EXPECT_THAT(clear.names, ElementsAre("-a"));
  EXPECT_FALSE(clear.span.has_value() || clear.until.has_value());
  // Words that are verbs elsewhere are names here.
  EXPECT_THAT(ParseVerb<MaintenanceSettings>({"maintenance", "clear", "set", "list"}).names,
              ElementsAre("set", "list"));
}

TEST_F(FlagsTest, WhatIsWrongWithMaintenanceIsNamed) {
  EXPECT_THAT(Refusal({"maintenance"}), HasSubstr("maintenance set, or maintenance clear?"));
  EXPECT_THAT(Refusal({"maintenance", "a"}), HasSubstr("a"));
  EXPECT_THAT(Refusal({"maintenance", "set", "--for=2h"}), HasSubstr("whose maintenance?"));
  EXPECT_THAT(Refusal({"maintenance", "set", "--filter", "", "--for=2h"}), HasSubstr("not empty"));
  EXPECT_THAT(Refusal({"maintenance", "set", "a", "--filter=x", "--for=2h"}), HasSubstr("not both"));
  EXPECT_THAT(Refusal({"maintenance", "set", "a"}), HasSubstr("Give --for or --until"));
  EXPECT_THAT(Refusal({"maintenance", "set", "a", "--for=0s"}), HasSubstr("longer than zero"));
  EXPECT_THAT(Refusal({"maintenance", "set", "a", "--for=1h", "--until=2026-01-31T06:00:00Z"}),
              HasSubstr("excludes"));
  for (const char* time :
       {"tomorrow", "2026-01-31", "2026-01-31T06:00:00", "infinite-future", "9999-01-01T00:00:00Z"}) {
    EXPECT_THAT(Refusal({"maintenance", "set", "a", std::string("--until=") + time}),
                HasSubstr("is no time such as"))
        << time;
  }
  EXPECT_THAT(Refusal({"maintenance", "clear", "a", "--for=1h"}), HasSubstr("--for"));
  EXPECT_THAT(Refusal({"maintenance", "clear", "a", "-o", "name"}), HasSubstr("no names"));
}

TEST_F(FlagsTest, ServerDrainsOneServer) {
  EXPECT_EQ(ParseVerb<DrainSettings>({"server", "drain"}).within, seconds(10));
  EXPECT_EQ(ParseVerb<DrainSettings>({"--server=a:1", "server", "drain", "--within=1m"}).within,
            std::chrono::minutes(1));
  EXPECT_THAT(Refusal({"--server=a:1,b:2", "server", "drain"}), HasSubstr("take one --server"));
  EXPECT_THAT(Refusal({"server", "drain", "a"}), HasSubstr("a"));
  EXPECT_THAT(Refusal({"server", "drain", "--within=soon"}), HasSubstr("--within"));
}

TEST_F(FlagsTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(Refusal({}), HasSubstr("which verb?"));
  EXPECT_THAT(Refusal({"foo"}), HasSubstr("unknown verb or flag: foo"));
  EXPECT_THAT(Refusal({"list", "--foo"}), HasSubstr("--foo"));
  EXPECT_THAT(Refusal({"list", "extra"}), HasSubstr("extra"));
  EXPECT_THAT(Refusal({"list", "--", "extra"}), HasSubstr("extra"));
  EXPECT_THAT(Refusal({"list", "-o", "xml"}), HasSubstr("'xml' is not table, wide, json, yaml or name"));
  EXPECT_THAT(Refusal({"list", "--limit=-1"}), HasSubstr("--limit"));
  EXPECT_THAT(Refusal({"list", "--timeout=3x"}), HasSubstr("--timeout: \"3x\" is no duration"));
  EXPECT_THAT(Refusal({"list", "--timeout=0"}), HasSubstr("longer than zero"));
  EXPECT_THAT(Refusal({"list", "--tls-cert=c"}), HasSubstr("need each other"));
  EXPECT_THAT(Refusal({"get"}), HasSubstr("needs a NAME"));
  EXPECT_THAT(Refusal({"watch", "--since-now", "--start-revision=5"}), HasSubstr("excludes"));
  EXPECT_THAT(Refusal({"beat", "sleep", "5"}), HasSubstr("a command goes after --"));
  EXPECT_THAT(Refusal({"beat", "--"}), HasSubstr("no command"));
  EXPECT_THAT(Refusal({"beat", "--label=x"}), HasSubstr("not KEY=VALUE"));
  EXPECT_THAT(Refusal({"beat", "--keepalive-preset=lax"}), HasSubstr("lax"));
}

TEST_F(FlagsTest, BeatSaysHowItsSilenceIsToBeJudged) {
  const auto beat = ParseVerb<BeatSettings>({"beat", "--detection=accrual", "--detection-threshold=4.5",
                                             "--found-within=1s", "--mistake-recurrence=720h"});
  EXPECT_EQ(beat.detection, "accrual");
  EXPECT_EQ(beat.detection_threshold, 4.5);
  EXPECT_EQ(beat.found_within, seconds(1));
  EXPECT_EQ(beat.mistake_recurrence, std::chrono::hours(720));
  EXPECT_THAT(Refusal({"beat", "--detection=guess"}), HasSubstr("guess"));
  EXPECT_THAT(Refusal({"beat", "--detection-threshold=8"}), HasSubstr("requires"));
  EXPECT_THAT(Refusal({"beat", "--detection=accrual", "--detection-threshold=0"}),
              HasSubstr("a number from 1 to 30"));
  EXPECT_THAT(Refusal({"beat", "--found-within=1s"}), HasSubstr("requires"));
  EXPECT_THAT(Refusal({"beat", "--mistake-recurrence=1h"}), HasSubstr("requires"));
  EXPECT_THAT(Refusal({"beat", "--found-within=1s", "--mistake-recurrence=1h", "--timeout=3s"}),
              HasSubstr("excludes"));
}

TEST_F(FlagsTest, AServerWithoutAPortIsRefused) {
  for (const char* server : {"foo", "foo:", ":7700", "foo:0", "foo:65536", "foo:7x", "foo:777777", "unix:"}) {
    EXPECT_THAT(Refusal({std::string("--server=") + server, "list"}),
                AnyOf(HasSubstr("is neither HOST:PORT nor unix:PATH"), HasSubstr("names no path")))
        << server;
  }
  EXPECT_THAT(Parse({"--server=unix:/run/x,h:1", "list"}).global.servers, ElementsAre("unix:/run/x", "h:1"));
  EXPECT_THAT(Parse({"--server=[::1]:7700", "list"}).global.servers, ElementsAre("[::1]:7700"));
}

TEST_F(FlagsTest, HelpListsEveryExitCode) {
  const auto parsed = ParseFlags({"--help"});
  const auto* message = std::get_if<Message>(&parsed);
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->code, ExitCode::kOk);
  EXPECT_FALSE(message->to_stderr);
  EXPECT_THAT(message->text, HasSubstr(kExitCodeHelp));
}

TEST_F(FlagsTest, AVerbsHelpIsItsOwn) {
  const auto parsed = ParseFlags({"beat", "--help"});
  const auto* message = std::get_if<Message>(&parsed);
  ASSERT_NE(message, nullptr);
  EXPECT_THAT(message->text, HasSubstr("--last-will"));
}

TEST_F(FlagsTest, NullMeansNames) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{"list", "-0"},
                                               {"get", "--null", "a"},
                                               {"watch", "-0", "-o", "name"},
                                               {"evict", "a", "-0"}}) {
    const Settings settings = Parse(args);
    EXPECT_TRUE(settings.global.null_after_names);
    EXPECT_EQ(settings.global.output, OutputFormat::kName);
  }
  const auto parsed = ParseFlags({"list", "-0", "-o", "json"});
  ASSERT_TRUE(std::holds_alternative<Message>(parsed));
  EXPECT_THAT(std::get<Message>(parsed).text, HasSubstr("-o name"));
}

TEST_F(FlagsTest, TheHelpOfEveryVerbHasTheGlobalFlags) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{"list", "--help"},
                                               {"beat", "--help"},
                                               {"maintenance", "set", "--help"},
                                               {"server", "--help"}}) {
    const auto parsed = ParseFlags(args);
    ASSERT_TRUE(std::holds_alternative<Message>(parsed));
    const std::string text = std::get<Message>(parsed).text;
    for (const char* flag :
         {"-o,--output table|wide|json", "--server", "--tls-ca", "--http-proxy", "--timeout"}) {
      EXPECT_THAT(text, HasSubstr(flag));
    }
  }
}

TEST_F(FlagsTest, AStrangersWordsCannotReachTheTerminal) {
  const auto parsed = ParseFlags({"list", "--\x1b[2J"});
  ASSERT_TRUE(std::holds_alternative<Message>(parsed));
  EXPECT_THAT(std::get<Message>(parsed).text, HasSubstr("--\\x1b[2J"));
}

}  // namespace
}  // namespace liveness::cli
