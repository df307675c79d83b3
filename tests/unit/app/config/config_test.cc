#include "server/app/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace liveness::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

ParsedConfig Parse(std::vector<const char*> args) {
  args.insert(args.begin(), "livenessd");
  return ParseConfig(static_cast<int>(args.size()), args.data());
}

Config Accepted(std::vector<const char*> args) {
  const ParsedConfig parsed = Parse(std::move(args));
  EXPECT_TRUE(parsed.config.has_value()) << parsed.err;
  return parsed.config.value_or(Config{});
}

std::string Refused(std::vector<const char*> args) {
  const ParsedConfig parsed = Parse(std::move(args));
  EXPECT_FALSE(parsed.config.has_value());
  EXPECT_EQ(parsed.exit_code, 2);
  EXPECT_EQ(parsed.out, "");
  return parsed.err;
}

TEST(ConfigTest, DefaultsAreTheContracts) {
  const Config config = Accepted({});
  EXPECT_EQ(config.listen.text, "127.0.0.1:7700");
  EXPECT_EQ(config.keepalive, common::StandardPreset());
  EXPECT_EQ(config.resume_grace, seconds(1));
  EXPECT_EQ(config.drain_timeout, seconds(5));
  EXPECT_EQ(config.max_ping_rate, 10U);
  EXPECT_GE(config.io_threads, 1);
  EXPECT_FALSE(config.channelz);
  EXPECT_TRUE(config.canary);
  EXPECT_EQ(config.max_doubt, seconds(10));
}

TEST(ConfigTest, WhatIsKnownIsKeptWhereTheAddressIsFoundAgain) {
  setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(Accepted({}).store, "sqlite");
  EXPECT_EQ(Accepted({}).data_dir, "/state/liveness/127.0.0.1:7700");
  EXPECT_EQ(Accepted({"--data-dir=/data"}).data_dir, "/data");
  // A server on any free port has no name to be found under again.
  EXPECT_EQ(Accepted({"--listen=127.0.0.1:0"}).store, "memory");
  EXPECT_EQ(Accepted({"--data-dir=:memory:"}).store, "memory");
  EXPECT_EQ(Accepted({"--listen=127.0.0.1:0", "--data-dir=/data"}).store, "sqlite");
  unsetenv("XDG_STATE_HOME");
  setenv("HOME", "/home/somebody", 1);
  EXPECT_EQ(Accepted({}).data_dir, "/home/somebody/.local/state/liveness/127.0.0.1:7700");
  unsetenv("HOME");
  EXPECT_THAT(Refused({}), HasSubstr("--data-dir"));
  setenv("HOME", "/", 1);
}

TEST(ConfigTest, TheCanaryCanBeBoundAndTurnedOff) {
  const Config config = Accepted({"--canary=off", "--max-doubt=2s"});
  EXPECT_FALSE(config.canary);
  EXPECT_EQ(config.max_doubt, seconds(2));
  EXPECT_THAT(Refused({"--canary=maybe"}), HasSubstr("--canary"));
  EXPECT_THAT(Refused({"--max-doubt=10ms"}), HasSubstr("--max-doubt"));
}

TEST(ConfigTest, WhatPeersMayHoldIsBounded) {
  const Config standard = Accepted({});
  EXPECT_EQ(standard.bounds.http2.max_streams_per_connection, 100);
  EXPECT_EQ(standard.bounds.http2.idle_timeout, seconds(0));
  EXPECT_EQ(standard.bounds.http2.max_buffer_bytes, 0U);
  EXPECT_EQ(standard.bounds.patience.request, seconds(5));
  EXPECT_EQ(standard.bounds.patience.answer, seconds(30));
  EXPECT_EQ(standard.bounds.max_watchers_per_peer, std::nullopt);
  EXPECT_EQ(Accepted({"--max-watchers-per-peer=0"}).bounds.max_watchers_per_peer,
            std::optional<std::size_t>(0));
  EXPECT_THAT(Refused({"--max-watchers-per-peer=-1"}), HasSubstr("--max-watchers-per-peer"));
  const Config config = Accepted({"--max-streams-per-connection=0", "--idle-connection-timeout=1m",
                                  "--max-buffer-mib=64", "--request-timeout=1s", "--answer-timeout=2s"});
  EXPECT_EQ(config.bounds.http2.max_streams_per_connection, 0);
  EXPECT_EQ(config.bounds.http2.idle_timeout, seconds(60));
  EXPECT_EQ(config.bounds.http2.max_buffer_bytes, 64U << 20U);
  EXPECT_EQ(config.bounds.patience.request, seconds(1));
  EXPECT_EQ(config.bounds.patience.answer, seconds(2));
  for (const char* flag : {"--max-streams-per-connection=-1", "--idle-connection-timeout=10ms",
                           "--max-buffer-mib=63", "--request-timeout=0", "--answer-timeout=50ms"}) {
    EXPECT_THAT(Refused({flag}), HasSubstr(std::string(flag).substr(0, std::string(flag).find('=')))) << flag;
  }
}

TEST(ConfigTest, FlagsChangeSingleValuesOfThePreset) {
  const Config config =
      Accepted({"--keepalive-preset=strict", "--http2-keepalive-time=500ms", "--resume-grace=0"});
  EXPECT_EQ(config.keepalive.http2_time, milliseconds(500));
  EXPECT_EQ(config.keepalive.http2_timeout, seconds(3));
  EXPECT_EQ(config.keepalive.tcp, common::StrictPreset().tcp);
  EXPECT_EQ(config.resume_grace, seconds(0));
}

TEST(ConfigTest, WhatManyFallsMeanHasDefaults) {
  const Config config = Accepted({});
  EXPECT_EQ(config.falls.mass.window, seconds(10));
  EXPECT_EQ(config.falls.mass.share, 0.5);
  EXPECT_EQ(config.falls.mass.min_members, 10);
  EXPECT_THAT(config.falls.mass.labels, ::testing::IsEmpty());
  EXPECT_EQ(config.falls.doubt_share, 0.9);
  EXPECT_EQ(config.falls.flap.half_life, std::chrono::minutes(5));
  EXPECT_EQ(config.falls.flap.suppress, 3'000);
  EXPECT_EQ(config.falls.flap.reuse, 750);
}

TEST(ConfigTest, WhatManyFallsMeanCanBeSaid) {
  const Config config = Accepted({"--mass-window=2s", "--mass-share=0.25", "--mass-min=3",
                                  "--group-label=zone", "--group-label", "rack", "--doubt-share=1",
                                  "--flap-half-life=1m", "--flap-suppress=2000", "--flap-reuse=500"});
  EXPECT_EQ(config.falls.mass.window, seconds(2));
  EXPECT_EQ(config.falls.mass.share, 0.25);
  EXPECT_EQ(config.falls.mass.min_members, 3);
  EXPECT_THAT(config.falls.mass.labels, ::testing::ElementsAre("zone", "rack"));
  EXPECT_EQ(config.falls.doubt_share, 1);
  EXPECT_EQ(config.falls.flap.half_life, std::chrono::minutes(1));
  EXPECT_EQ(config.falls.flap.suppress, 2'000);
  EXPECT_EQ(config.falls.flap.reuse, 500);
}

TEST(ConfigTest, FallsThatMeanNothingAreRefused) {
  for (const char* flag :
       {"--mass-share=0", "--mass-share=1.5", "--mass-share=half", "--mass-share=nan", "--mass-min=0",
        "--mass-window=1ms", "--mass-window=2h", "--doubt-share=-1", "--flap-half-life=0",
        "--flap-half-life=48h", "--flap-reuse=4000", "--flap-reuse=0", "--flap-suppress=700",
        "--flap-suppress=nan", "--flap-reuse=nan", "--flap-suppress=inf", "--group-label="}) {
    const std::string name = std::string(flag).substr(0, std::string(flag).find('='));
    const std::string why = Refused({flag});
    // Of two that do not go together, either may be named.
    EXPECT_TRUE(why.find(name) != std::string::npos || why.find("--flap-reuse") != std::string::npos) << why;
  }
  std::vector<const char*> many(9, "--group-label=k");
  EXPECT_THAT(Refused(many), HasSubstr("at most 8"));
}

TEST(ConfigTest, LabelsThatMetricsCountAreFewAndEachOnce) {
  EXPECT_THAT(Accepted({}).metrics.labels, ::testing::IsEmpty());
  EXPECT_THAT(Accepted({"--metrics-label=zone", "--metrics-label", "rack"}).metrics.labels,
              ::testing::ElementsAre("zone", "rack"));
  EXPECT_THAT(Refused({"--metrics-label=a", "--metrics-label=a"}), HasSubstr("is given twice"));
  EXPECT_THAT(Refused({"--metrics-label=a", "--metrics-label=b", "--metrics-label=c", "--metrics-label=d",
                       "--metrics-label=e"}),
              HasSubstr("--metrics-label: at most 4"));
  const std::string long_flag = "--metrics-label=" + std::string(64, 'k');
  EXPECT_THAT(Refused({long_flag.c_str()}), HasSubstr("1 to 63 bytes"));
}

TEST(ConfigTest, AnEmptyValueIsAnErrorAndNotTheNextFlag) {
  for (const char* flag : {"--server-id=", "--data-dir=", "--tls-cert=", "--max-clients=", "--keep-dead="}) {
    EXPECT_THAT(Refused({flag, "--listen=127.0.0.1:0"}), HasSubstr("the value is empty")) << flag;
  }
  EXPECT_THAT(Accepted({"--group-label=[a,b]"}).falls.mass.labels, ::testing::ElementsAre("[a,b]"));
}

TEST(ConfigTest, EtcdIsReachedWithoutAProxyUnlessToldOtherwise) {
  EXPECT_FALSE(Accepted({}).etcd_http_proxy);
  EXPECT_TRUE(Accepted({"--etcd-http-proxy"}).etcd_http_proxy);
}

TEST(ConfigTest, HistoryHasTwoBounds) {
  EXPECT_EQ(Accepted({}).history_age, std::chrono::hours(7 * 24));
  EXPECT_EQ(Accepted({}).history_transitions, 1'000'000U);
  const Config config = Accepted({"--history-age=30d", "--history-transitions=5000"});
  EXPECT_EQ(config.history_age, std::chrono::hours(30 * 24));
  EXPECT_EQ(config.history_transitions, 5'000U);
  for (const char* age :
       {"--history-age=0", "--history-age=10ms", "--history-age=week", "--history-age=-1h"}) {
    EXPECT_THAT(Refused({age}), HasSubstr("--history-age")) << age;
  }
  for (const char* count :
       {"--history-transitions=0", "--history-transitions=-5", "--history-transitions=1e6",
        "--history-transitions=2000000000", "--history-transitions=many"}) {
    EXPECT_THAT(Refused({count}), HasSubstr("--history-transitions")) << count;
  }
}

TEST(ConfigTest, KernelSpansAreRoundedUpToSeconds) {
  const Config config = Accepted({"--tcp-keepalive-idle=1500ms", "--tcp-keepalive-interval", "100ms"});
  EXPECT_EQ(config.keepalive.tcp.idle, seconds(2));
  EXPECT_EQ(config.keepalive.tcp.interval, seconds(1));
}

// TCP_USER_TIMEOUT overrules the count: the preset's must not stay with other probes.
TEST(ConfigTest, OtherProbesHaveTheirOwnUserTimeout) {
  const Config probes = Accepted({"--tcp-keepalive-count=5"});
  EXPECT_EQ(common::InForce(probes.keepalive.tcp).user_timeout, seconds(45));
  const Config both = Accepted({"--tcp-keepalive-count=5", "--tcp-keepalive-user-timeout=60s"});
  EXPECT_EQ(both.keepalive.tcp.user_timeout, seconds(60));
}

TEST(ConfigTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(Refused({"--no-such-flag"}), HasSubstr("--no-such-flag"));
  EXPECT_THAT(Refused({"stray"}), HasSubstr("stray"));
  EXPECT_THAT(Refused({"--resume-grace=soon"}), HasSubstr("--resume-grace"));
  EXPECT_THAT(Refused({"--resume-grace=-1s"}), HasSubstr("--resume-grace"));
  EXPECT_THAT(Refused({"--min-interval=0"}), HasSubstr("--min-interval"));
  EXPECT_THAT(Refused({"--io-threads=0"}), HasSubstr("--io-threads"));
  EXPECT_THAT(Refused({"--max-ping-rate=-1"}), HasSubstr("--max-ping-rate"));
  EXPECT_THAT(Refused({"--tcp-keepalive-count=many"}), HasSubstr("--tcp-keepalive-count"));
  EXPECT_THAT(Refused({"--http2-keepalive-time=1ms"}), HasSubstr("--http2-keepalive-time"));
  EXPECT_THAT(Refused({"--default-timeout=1s"}), HasSubstr("--default-timeout"));
  EXPECT_THAT(Refused({"--keepalive-preset=loose"}), HasSubstr("--keepalive-preset"));
  EXPECT_THAT(Refused({"--store=paper"}), HasSubstr("--store"));
  for (const char* listen :
       {"--listen=7700", "--listen=:7700", "--listen=host:", "--listen=host:70000", "--listen=h:x"}) {
    EXPECT_THAT(Refused({listen}), HasSubstr("HOST:PORT")) << listen;
  }
}

TEST(ConfigTest, AServersNameIsPlainText) {
  const std::string longest = "--server-id=" + std::string(128, 'a'), longer = longest + "a";
  EXPECT_EQ(Accepted({longest.c_str()}).server_id.size(), 128U);
  for (const char* bad : {longer.c_str(), "--server-id=a\nb", "--server-id=\x1b[1m", "--server-id=\xff"}) {
    EXPECT_THAT(Refused({bad}), HasSubstr("--server-id: ")) << bad;
  }
}

TEST(ConfigTest, AShellIsToldWhatMayFollow) {
  const auto offered = [](std::vector<const char*> words) {
    words.insert(words.begin(), "__complete");
    const ParsedConfig parsed = Parse(words);
    EXPECT_FALSE(parsed.config.has_value()) << "a server would start";
    EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
    return parsed.out;
  };
  EXPECT_THAT(offered({"--sto"}), ::testing::StartsWith("--store=\tmemory | sqlite"));
  EXPECT_EQ(offered({"--store="}), "--store=memory\n--store=sqlite\n--store=etcd\n");
  EXPECT_EQ(offered({"--fsync", "b"}), "batch\n");
  EXPECT_EQ(offered({"--tls-cert=/etc/"}), ":file\n");
  EXPECT_THAT(offered({"conf"}), ::testing::StartsWith("config\t"));
  EXPECT_THAT(offered({"config", ""}),
              AllOf(HasSubstr("check\t"), HasSubstr("print\t"), HasSubstr("explain")));
  EXPECT_EQ(offered({"completion", ""}), "bash\nzsh\nfish\n");
  EXPECT_EQ(offered({}), "");
  const ParsedConfig script = Parse({"completion", "bash"});
  EXPECT_FALSE(script.config.has_value());
  EXPECT_EQ(script.exit_code, 0);
  EXPECT_THAT(script.out, HasSubstr("complete -F _livenessd livenessd\n"));
  EXPECT_THAT(Refused({"completion"}), HasSubstr("SHELL"));
  EXPECT_THAT(Refused({"completion", "tcsh"}), HasSubstr("SHELL"));
}

TEST(ConfigTest, TheAuditLogHasABoundAndMayHaveAFile) {
  const Config by_default = Accepted({"--data-dir=:memory:"});
  EXPECT_EQ(by_default.auth.max_audit_events, 10'000U);
  EXPECT_EQ(by_default.auth.max_bad_tokens, 20);
  EXPECT_EQ(by_default.auth.audit_file, "");
  EXPECT_EQ(Accepted({"--data-dir=:memory:", "--max-audit-events=100"}).auth.max_audit_events, 100U);
  EXPECT_THAT(Refused({"--max-audit-events=99"}), HasSubstr("--max-audit-events"));
  EXPECT_THAT(Refused({"--max-bad-tokens=-1"}), HasSubstr("--max-bad-tokens"));
  EXPECT_THAT(Refused({"config", "check", "--data-dir=:memory:", "--audit-file=/no/such/file"}),
              HasSubstr("--audit-file=/no/such/file: No such file or directory"));
}

TEST(ConfigTest, HelpAndVersionAreNoErrors) {
  const ParsedConfig help = Parse({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_FALSE(help.config);
  EXPECT_THAT(help.out, HasSubstr("--keepalive-preset"));
  const ParsedConfig version = Parse({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, HasSubstr("livenessd "));
}

}  // namespace
}  // namespace liveness::app
