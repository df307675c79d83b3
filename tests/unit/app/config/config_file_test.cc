// Values from a file and from the environment: which of them holds, and what is said of those that are wrong.
#include "tests/unit/app/config/config_run.h"

namespace liveness::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class ConfigFileTest : public ConfigRun {};

TEST_F(ConfigFileTest, EveryKindOfFlagStandsInAFile) {
  const Config config = Accepted({File(R"(
listen = ["127.0.0.1:7001", "unix:/run/l"]
data-dir = "/data"
min-interval = "250ms"
max-clients = 5_000
mass-share = 0.25
doubt-share = 1
channelz = true
http-host = ["a.example", "b.example"]
group-label = ["zone", "rack, row"]
metrics-label = "zone"
etcd-endpoints = ["10.0.0.1:2379", "10.0.0.2:2379"]
canary = "off"
server-id = "[a,b]"
)")});
  EXPECT_EQ(config.listen.text, "127.0.0.1:7001,unix:/run/l");
  EXPECT_EQ(config.listen.addresses.size(), 2U);
  EXPECT_TRUE(config.listen.given);
  EXPECT_EQ(config.data_dir, "/data");
  EXPECT_EQ(config.min_interval, milliseconds(250));
  EXPECT_EQ(config.max_clients, 5'000U);
  EXPECT_EQ(config.falls.mass.share, 0.25);
  EXPECT_EQ(config.falls.doubt_share, 1);
  EXPECT_TRUE(config.channelz);
  EXPECT_THAT(config.http.host_names, ElementsAre("a.example", "b.example"));
  EXPECT_THAT(config.falls.mass.labels, ElementsAre("zone", "rack, row"));
  EXPECT_THAT(config.metrics.labels, ElementsAre("zone"));
  EXPECT_THAT(config.etcd_endpoints, ElementsAre("10.0.0.1:2379", "10.0.0.2:2379"));
  EXPECT_FALSE(config.canary);
  EXPECT_EQ(config.server_id, "[a,b]");
}

TEST_F(ConfigFileTest, AFileThatIsEmptyChangesNothing) {
  for (const char* text : {"", "\n# nothing\n", "http-host = []\n"}) {
    const Config config = Accepted({File(text)});
    EXPECT_EQ(config.listen.text, "127.0.0.1:7700");
    EXPECT_FALSE(config.listen.given);
    EXPECT_THAT(config.http.host_names, IsEmpty());
  }
}

TEST_F(ConfigFileTest, AFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  const std::string file =
      File("keep-dead = \"1s\"\nkeep-left = \"1s\"\nresume-grace = \"1s\"\nchannelz = true\n");
  const Environment environment = {{"LIVENESSD_KEEP_DEAD", "2s"}, {"LIVENESSD_KEEP_LEFT", "2s"}};
  const Config config = Accepted({file, "--keep-dead=3s", "--channelz=false"}, environment);
  EXPECT_EQ(config.keep_dead, seconds(3));
  EXPECT_EQ(config.keep_left, seconds(2));
  EXPECT_EQ(config.resume_grace, seconds(1));
  EXPECT_EQ(config.drain_timeout, seconds(5));
  EXPECT_FALSE(config.channelz);
}

TEST_F(ConfigFileTest, TheEnvironmentHasEveryKindOfFlag) {
  const Config config = Accepted({}, {{"LIVENESSD_LISTEN", "127.0.0.1:1,127.0.0.2:2"},
                                      {"LIVENESSD_HTTP_HOST", "a.example,b.example"},
                                      {"LIVENESSD_HTTP_ADMIN", "true"},
                                      {"LIVENESSD_CHANNELZ", "0"},
                                      {"LIVENESSD_MAX_CLIENTS", "7"},
                                      {"LIVENESSD_MASS_SHARE", "0.125"},
                                      {"LIVENESSD_SERVER_ID", "[x]"}});
  EXPECT_EQ(config.listen.addresses.size(), 2U);
  EXPECT_THAT(config.http.host_names, ElementsAre("a.example", "b.example"));
  EXPECT_TRUE(config.http.admin);
  EXPECT_FALSE(config.channelz);
  EXPECT_EQ(config.max_clients, 7U);
  EXPECT_EQ(config.falls.mass.share, 0.125);
  EXPECT_EQ(config.server_id, "[x]");
}

TEST_F(ConfigFileTest, TheEnvironmentNamesTheFileUnlessAFlagDoes) {
  File("max-clients = 3\n");
  EXPECT_EQ(Accepted({}, {{"LIVENESSD_CONFIG", path_}}).max_clients, 3U);
  EXPECT_EQ(Accepted({"--config=" + path_}, {{"LIVENESSD_CONFIG", "/none"}}).max_clients, 3U);
  EXPECT_THAT(Refused({}, {{"LIVENESSD_CONFIG", "/none"}}), StartsWith("/none: cannot be read"));
}

// What livenessctl reads in the same shell is not the server's.
TEST_F(ConfigFileTest, TheEnvironmentOfTheClientsChangesNothing) {
  const Config config = Accepted({}, {{"LIVENESS_TLS_CA", "/ca"}, {"LIVENESS_TLS_CERT", "/cert"}});
  EXPECT_FALSE(config.tls.enabled());
  EXPECT_EQ(config.tls.ca, "");
}

TEST_F(ConfigFileTest, AllThatIsWrongIsToldAtOnceWithItsPlace) {
  const std::string file = File(R"(min-intervall = "5ms"
max-clients = "many"
min-interval = 250
  log-level = "trace"
idle-connection-timeout = "10ms"
http-max-connections = 1.5
channelz = 1
etcd-endpoints = ["a:1,b:2"]
keep-dead = "soon"
listen = "nowhere"
mass-share = nan
group-label = ["a", 1]
config = "other.toml"
version = true
[tls]
cert = "x"
)");
  const std::string why = Refused({file, "--drain-timeout=1s", "--drain-timeout=2s"},
                                  {{"LIVENESSD_KEEP_LEFT", "later"}, {"LIVENESSD_CANARY", ""}});
  EXPECT_EQ(why, R"(livenessd: --drain-timeout is given twice
livenessd: LIVENESSD_KEEP_LEFT: "later" is no duration: a number is expected at "later"
livenessd: LIVENESSD_CANARY: the value is empty
FILE:1:1: key 'min-intervall' is not known; did you mean 'min-interval'?
FILE:2:15: key 'max-clients' takes an integer, not a string
FILE:3:16: key 'min-interval' takes a string such as "250ms" or "2m", not an integer
FILE:4:15: log-level: trace not in {debug,info,warn,error}
FILE:5:27: idle-connection-timeout: 0, or between 1s and 24h
FILE:6:24: key 'http-max-connections' takes an integer, not a float
FILE:7:12: key 'channelz' takes true or false, not an integer
FILE:8:18: key 'etcd-endpoints' has a comma in one of its strings, and takes an array of them
FILE:9:13: keep-dead: "soon" is no duration: a number is expected at "soon"
FILE:10:10: listen=nowhere: must be HOST:PORT or unix:PATH
FILE:11:14: key 'mass-share' takes a number, not a float
FILE:12:21: key 'group-label' takes strings, not an integer
FILE:13:1: key 'config' is not known
FILE:14:1: key 'version' is not known
FILE:15:2: key 'tls' is not known
Try 'livenessd --help'.
)");
}

TEST_F(ConfigFileTest, AValueThatIsRefusedIsToldOnOneLineThatATerminalDoesNotObey) {
  const std::string file = File("store = \"\\u001b[1m\"\nlisten = \"a\\nb\"\ninsecure-anonymous = \"\\t\"\n");
  EXPECT_EQ(Refused({file, "--canary=\x1b[1m"}), R"(livenessd: --canary: \x1b[1m not in {on,off}
Try 'livenessd --help'.
)");
  EXPECT_EQ(Refused({file}, {{"LIVENESSD_LOG_LEVEL", "\xff"}}),
            R"(livenessd: LIVENESSD_LOG_LEVEL: \xff not in {debug,info,warn,error}
FILE:1:9: store: \x1b[1m not in {memory,sqlite,etcd}
FILE:2:10: listen=a\nb: must be HOST:PORT or unix:PATH
FILE:3:22: insecure-anonymous=\t: \"\t\" is none of beat, view, evict, maintenance, drain, audit or admin, nor none
Try 'livenessd --help'.
)");
}

TEST_F(ConfigFileTest, WhatIsNoTomlIsTold) {
  EXPECT_EQ(Refused({File("listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"\n")}),
            "FILE:2:10: key 'listen' is given twice\n");
  EXPECT_THAT(Refused({File("min-interval = 250ms\n")}),
              AllOf(StartsWith("FILE:1:"), HasSubstr("in quotes")));
  EXPECT_THAT(Refused({"--config=" + dir_.path().string()}), EndsWith("is a directory, not a file\n"));
  EXPECT_THAT(Refused({"--config=/none"}), StartsWith("/none: cannot be read: "));
  EXPECT_THAT(Refused({File(std::string(2'000'000, '#'))}), HasSubstr("longer than 1 MiB"));
  EXPECT_THAT(Refused({"--config="}), HasSubstr("the value is empty"));
}

TEST_F(ConfigFileTest, ValuesThatDoNotGoTogetherAreToldWhereTheyStand) {
  EXPECT_EQ(Refused({File("flap-reuse = 4000\n")}),
            "FILE:1:14: flap-reuse: must not be above --flap-suppress\n");
  EXPECT_EQ(Refused({File("\nstore = \"etcd\"\n")}),
            "FILE:2:9: store=etcd needs --etcd-endpoints=HOST:PORT[,HOST:PORT...]\n");
  EXPECT_THAT(Refused({File("default-timeout = \"1s\"\n")}), StartsWith("FILE:1:19: default-timeout: "));
  // The flag hides the file's value: it is the flag that is wrong.
  EXPECT_THAT(Refused({File("flap-reuse = 10\n"), "--flap-reuse=4000"}),
              StartsWith("livenessd: --flap-reuse: must not be above"));
}

TEST_F(ConfigFileTest, EmptyValuesAreErrorsInAFileAsWell) {
  EXPECT_EQ(Refused({File("server-id = \"\"\n")}), "FILE:1:13: server-id: the value is empty\n");
  EXPECT_EQ(Refused({File("listen = []\n")}), "FILE:1:10: listen: the value is empty\n");
  EXPECT_EQ(Refused({File("group-label = [\"a\", \"\"]\n")}), "FILE:1:15: group-label: the value is empty\n");
}

TEST_F(ConfigFileTest, AFlagThatIsGivenTwiceIsRefusedUnlessItTakesSeveral) {
  EXPECT_THAT(Refused({"--listen=127.0.0.1:1", "--listen=127.0.0.1:2"}),
              StartsWith("livenessd: --listen is given twice; several values stand in one, with commas\n"));
  EXPECT_THAT(Refused({"--channelz", "--channelz"}), StartsWith("livenessd: --channelz is given twice\n"));
  EXPECT_THAT(Refused({"--io-threads=1", "--io-threads=1"}),
              StartsWith("livenessd: --io-threads is given twice"));
  EXPECT_THAT(Refused({File(""), File("")}), StartsWith("livenessd: --config is given twice\n"));
  EXPECT_THAT(Accepted({"--http-host=a.b", "--http-host=c.d"}).http.host_names, ElementsAre("a.b", "c.d"));
  EXPECT_THAT(Accepted({"--group-label=a", "--group-label=c"}).falls.mass.labels, ElementsAre("a", "c"));
}

TEST_F(ConfigFileTest, CheckSaysOkOrAllThatIsWrong) {
  const ParsedConfig ok = Parse({"config", "check", File("max-clients = 3\n"), "--data-dir=:memory:"});
  EXPECT_EQ(ok.out, "ok\n");
  EXPECT_EQ(ok.err, "");
  EXPECT_EQ(ok.exit_code, 0);
  EXPECT_FALSE(ok.config);
  EXPECT_EQ(Refused({"config", "check", File("max-client = 3\n")}),
            "FILE:1:1: key 'max-client' is not known; did you mean 'max-clients'?\n");
}

TEST_F(ConfigFileTest, CheckReadsTheFilesThatAreNamed) {
  const std::string why = Refused({"config", "check", File(R"(
data-dir = "/dev/null/x"
tls-cert = "/none/cert"
tls-key = "/none/key"
store = "sqlite"
)")});
  EXPECT_THAT(why, HasSubstr("FILE:2:12: data-dir=/dev/null/x: /dev/null is not a directory\n"));
  EXPECT_THAT(why, HasSubstr("FILE:3:12: tls-cert=/none/cert: No such file or directory\n"));
  EXPECT_THAT(Refused({"config", "check", "--store=etcd", "--etcd-endpoints=127.0.0.1:1", "--etcd-user=u",
                       "--etcd-password-file=/none/password"}),
              StartsWith("livenessd: --etcd-password-file=/none/password: No such file"));
  EXPECT_THAT(Refused({"config", "check", "--store=etcd", "--etcd-endpoints=127.0.0.1:1", "--etcd-prefix=x"}),
              StartsWith("livenessd: --etcd-prefix=x does not end in"));
  // Only that is looked at which the server would look at.
  EXPECT_EQ(Parse({"config", "check", "--store=memory", "--data-dir=:memory:", "--etcd-ca=/none"}).out,
            "ok\n");
}

TEST_F(ConfigFileTest, TheVerbsTakeEveryFlagAndAreToldInTheHelp) {
  EXPECT_THAT(Printed({"--min-interval=1s"}), HasSubstr("\nmin-interval = \"1s\" "));
  EXPECT_EQ(Parse({"--data-dir=:memory:", "config", "check"}).out, "ok\n");
  EXPECT_THAT(Refused({"config"}), HasSubstr("check, print or explain"));
  EXPECT_THAT(Refused({"config", "chek"}), HasSubstr("chek"));
  const std::string help = Parse({"--help"}).out;
  EXPECT_THAT(help,
              AllOf(HasSubstr("--config FILE"), HasSubstr("LIVENESSD_MIN_INTERVAL"), HasSubstr("  config ")));
  EXPECT_THAT(help, Not(HasSubstr("Env:")));
  EXPECT_THAT(Parse({"config", "--help"}).out, AllOf(HasSubstr("check"), HasSubstr("print")));
}

// Whatever says it, and whichever type it has: -1 is not the greatest number there is.
TEST_F(ConfigFileTest, CountsThatAreNoneAreRefusedWhereverTheyStand) {
  int counts = 0;
  for (const Setting& setting : Accepted({}).settings) {
    if (setting.kind != Setting::Kind::kInteger) continue;
    ++counts;
    const std::string variable = EnvironmentName(setting.name);
    for (const std::string value : {"-1", "-18446744073709551615", "18446744073709551615",
                                    "18446744073709551616", "99999999999999999999999"}) {
      const auto told = [&](const std::string& name) {
        return AllOf(HasSubstr(name), HasSubstr("must be a whole number from "));
      };
      EXPECT_THAT(Refused({"--" + setting.name + "=" + value}), told("--" + setting.name)) << value;
      EXPECT_THAT(Refused({}, {{variable, value}}), told(variable)) << value;
    }
    EXPECT_THAT(Refused({File(setting.name + " = -1\n")}), HasSubstr("FILE:1:")) << setting.name;
    EXPECT_THAT(Refused({File(setting.name + " = 9223372036854775807\n")}), HasSubstr("FILE:1:"))
        << setting.name;
    EXPECT_THAT(Refused({File(setting.name + " = 9223372036854775808\n")}), HasSubstr("FILE:1:"))
        << setting.name;
  }
  EXPECT_GE(counts, 15);
}

}  // namespace
}  // namespace liveness::app
