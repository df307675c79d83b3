// `config print`, and what holds for every flag there is: it stands in a file, in the environment and on the
// command line with the same meaning.
#include <regex>

#include "common/duration_text.h"
#include "server/app/config/config_print.h"
#include "server/app/config/toml_values.h"
#include "tests/unit/app/config/config_run.h"

namespace liveness::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Kind = Setting::Kind;
using Source = Setting::Source;

// `text` without the spaces before comments.
std::string Narrow(const std::string& text) { return std::regex_replace(text, std::regex(" +# "), " # "); }

// Values that flags take whose value is one of a few, or a thing of its own.
const std::map<std::string, std::string> kOthers = {{"store", "memory"},
                                                    {"fsync", "always"},
                                                    {"log-level", "debug"},
                                                    {"server-id", "a \\\"b\" 'c' \xe2\x82\xac"},
                                                    {"canary", "off"},
                                                    {"keepalive-preset", "strict"},
                                                    {"listen", "127.0.0.1:1,[::1]:2"},
                                                    {"listen-unix-mode", "0600"},
                                                    {"http-listen", "none"},
                                                    {"insecure-anonymous", "beat,view"},
                                                    {"etcd-endpoints", "a:1,b:2"},
                                                    {"etcd-prefix", "/other/"},
                                                    {"max-buffer-mib", "64"},
                                                    {"max-progress-tokens", "5"},
                                                    {"mass-share", "0.25"},
                                                    {"doubt-share", "0.125"}};

// A value for `setting` that is not its default, as a flag takes it.
std::string OtherValue(const Setting& setting) {
  if (const auto other = kOthers.find(setting.name); other != kOthers.end()) return other->second;
  switch (setting.kind) {
    case Kind::kBoolean: return "true";
    case Kind::kDuration:
      return common::FormatDuration(*common::ParseDuration(setting.values.at(0)) + std::chrono::seconds(1));
    case Kind::kInteger:
      return setting.values.empty() ? "5" : std::to_string(std::stoll(setting.values[0]) + 1);
    case Kind::kFloat: return std::to_string(std::stod(setting.values.at(0)) + 0.5);
    default: return "a\\\"b 'c' \t\xe2\x82\xac";
  }
}

std::vector<Setting> AllSettings() {
  const char* const words[] = {"livenessd"};
  return ParseConfig(1, words).config.value().settings;
}

const Setting& Named(const std::vector<Setting>& settings, const std::string& name) {
  for (const Setting& each : settings) {
    if (each.name == name) return each;
  }
  throw std::out_of_range(name);
}

class ConfigPrintTest : public ConfigRun {
 protected:
  // Of each setting, name and values.
  static std::map<std::string, std::vector<std::string>> Values(const Config& config) {
    std::map<std::string, std::vector<std::string>> values;
    for (const Setting& each : config.settings) values[each.name] = each.values;
    return values;
  }
};

TEST_F(ConfigPrintTest, DefaultsAreCommentedOutAndOthersSayWhereTheyAreFrom) {
  const std::string text = Narrow(
      Printed({File("\nkeep-dead = \"2h\"\n"), "--min-interval=250ms", "--http-host=a.b", "--http-host=c.d"},
              {{"LIVENESSD_MAX_CLIENTS", "7"}}));
  EXPECT_THAT(text, StartsWith("# livenessd "));
  EXPECT_THAT(text, HasSubstr("\nmin-interval = \"250ms\" # flag\n"));
  EXPECT_THAT(text, HasSubstr("\nmax-clients = 7 # environment\n"));
  EXPECT_THAT(text, HasSubstr("\nkeep-dead = \"2h\" # file, line 2\n"));
  EXPECT_THAT(text, HasSubstr("\n# keep-left = \"1h\" # default\n"));
  EXPECT_THAT(text, HasSubstr("\n# tls-cert = FILE # not set\n"));
  EXPECT_THAT(text, HasSubstr("\nhttp-host = [\"a.b\", \"c.d\"] # flag\n"));
  EXPECT_THAT(text, HasSubstr("\n# Keepalive\n"));
  // What is no setting.
  for (const char* name : {"config = ", "help = ", "version = "}) EXPECT_THAT(text, Not(HasSubstr(name)));
}

TEST_F(ConfigPrintTest, DefaultsOfAPresetAreThoseThatHold) {
  const std::string text = Printed({"--keepalive-preset=strict", "--tcp-keepalive-count=5"});
  EXPECT_THAT(text, HasSubstr("\n# default-interval = \"3s\" "));
  EXPECT_THAT(text, HasSubstr("\ntcp-keepalive-count = 5 "));
  EXPECT_THAT(text, HasSubstr("\n# tcp-keepalive-user-timeout = \"11s\" "));
}

TEST_F(ConfigPrintTest, NoSecretIsPrintedButWhereItIsKept) {
  std::ofstream(dir_.file("password")) << "geheim\n";
  const std::string text = Printed({"--store=etcd", "--etcd-endpoints=a:1", "--etcd-user=u",
                                    "--etcd-password-file=" + dir_.file("password")});
  EXPECT_THAT(text, HasSubstr("etcd-password-file = \"" + dir_.file("password")));
  EXPECT_THAT(text, Not(HasSubstr("geheim")));
}

TEST_F(ConfigPrintTest, NumbersArePrintedAsTomlWritesThem) {
  EXPECT_THAT(Printed({"--max-clients=010"}), HasSubstr("\nmax-clients = 8 "));
  EXPECT_THAT(Printed({"--max-clients=0x10"}), HasSubstr("\nmax-clients = 16 "));
  EXPECT_THAT(Printed({"--mass-share=.5"}), HasSubstr("\nmass-share = 0.5 "));
}

TEST_F(ConfigPrintTest, WhatTomlCannotHoldIsSaidAndLeavesAFile) {
  const std::string text = Printed({"--etcd-user=\xff", "--http-host=a.b", "--http-host=\xff"});
  EXPECT_THAT(text, HasSubstr("\n# etcd-user: its value cannot stand in TOML "));
  EXPECT_THAT(text, HasSubstr("\n# http-host: its value cannot stand in TOML "));
  EXPECT_FALSE(Accepted({File(text)}).settings.empty());
}

TEST_F(ConfigPrintTest, EveryFlagMeansTheSameInAFileInTheEnvironmentAndOnTheCommandLine) {
  const std::vector<Setting> defaults = AllSettings();
  ASSERT_GT(defaults.size(), 60U);
  for (const Setting& setting : defaults) {
    const std::string value = OtherValue(setting);
    // What some of them need besides.
    std::vector<std::string> args;
    if (setting.name == "store") args.emplace_back("--data-dir=/data");

    std::vector<std::string> flag = args;
    flag.push_back("--" + setting.name + "=" + value);
    const Config by_flag = Accepted(flag);
    const Setting& given = Named(by_flag.settings, setting.name);
    EXPECT_EQ(given.source, Source::kFlag) << setting.name;
    EXPECT_NE(given.values, setting.values) << setting.name;

    const Config by_environment = Accepted(args, {{EnvironmentName(setting.name), value}});
    EXPECT_EQ(Named(by_environment.settings, setting.name).source, Source::kEnvironment) << setting.name;
    EXPECT_EQ(Values(by_environment), Values(by_flag)) << setting.name;

    std::vector<std::string> file = args;
    file.push_back(File(setting.name + " = " + WriteValue(given).value()));
    const Config by_file = Accepted(file);
    EXPECT_EQ(Named(by_file.settings, setting.name).source, Source::kFile) << setting.name;
    EXPECT_EQ(Values(by_file), Values(by_flag)) << setting.name;

    // Each hides the next.
    file.push_back("--" + setting.name + "=" + value);
    EXPECT_EQ(Named(Accepted(file, {{EnvironmentName(setting.name), value}}).settings, setting.name).source,
              Source::kFlag);
    file.pop_back();
    EXPECT_EQ(Named(Accepted(file, {{EnvironmentName(setting.name), value}}).settings, setting.name).source,
              Source::kEnvironment);
  }
}

TEST_F(ConfigPrintTest, WhatIsPrintedIsAFileOfTheSameEffect) {
  std::vector<std::string> args;
  for (const Setting& each : AllSettings()) args.push_back("--" + each.name + "=" + OtherValue(each));
  for (const auto& some :
       {std::vector<std::string>{}, args, std::vector<std::string>(args.begin() + 10, args.begin() + 30)}) {
    const std::string once = Printed(some);
    const std::string file = File(once);
    EXPECT_EQ(Values(Accepted({file})), Values(Accepted(some)));
    const std::regex origin("  # (flag|environment|file, line [0-9]+)");
    EXPECT_EQ(std::regex_replace(Printed({file}), origin, ""), std::regex_replace(once, origin, ""));
  }
}

// The kind of a flag is told from the name of its type. A type with a new name is a text until it is told.
TEST_F(ConfigPrintTest, EveryFlagIsOfTheKindThatItsValuesAre) {
  for (const Setting& setting : AllSettings()) {
    const std::string err = Parse({"--" + setting.name + "=no such value"}).err;
    const bool converts = err.find("Could not convert") == std::string::npos;
    if (setting.kind == Kind::kText || setting.kind == Kind::kTexts) {
      EXPECT_TRUE(converts) << setting.name << " of type " << setting.type << ": " << err;
    } else {
      EXPECT_NE(err, "") << setting.name;
    }
  }
}

// Durations have no default that CLI11 knows: the help's is written by hand.
TEST_F(ConfigPrintTest, TheHelpTellsTheDefaultsThatHold) {
  const std::string help = Parse({"--help"}).out;
  int told = 0;
  for (const Setting& setting : AllSettings()) {
    std::smatch match;
    const std::regex line("--" + setting.name + " DURATION[^\n]*(?:\n {30,})?[^\n]*\\(([0-9a-z]+)\\)\n");
    if (setting.kind != Kind::kDuration || !std::regex_search(help, match, line)) continue;
    EXPECT_EQ(*common::ParseDuration(match[1].str()), *common::ParseDuration(setting.values.at(0)))
        << setting.name;
    ++told;
  }
  EXPECT_GE(told, 12);
}

}  // namespace
}  // namespace liveness::app
