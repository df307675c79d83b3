// livenessd with a file: which value holds, what is refused before it serves, and what a hangup makes of a
// file that was changed.
#include <signal.h>

#include <cstdlib>
#include <fstream>

#include "tests/integration/operations/operated_server.h"
#include "tests/support/certificate.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Set for the processes that are started while it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* const name_;
};

class ConfigTest : public OperatedServerTest {
 protected:
  std::string File(const std::string& text) const {
    const std::string path = dir_.file("livenessd.toml");
    std::ofstream(path, std::ios::trunc) << text;
    return "--config=" + path;
  }
  // A hangup, and the log of it once it is over.
  std::string Reload() {
    const auto count = [this] {
      const std::string log = server_->StandardError();
      int reloads = 0;
      for (auto at = log.find("TLS files are in use;"); at != std::string::npos;
           at = log.find("TLS files are in use;", at + 1)) {
        ++reloads;
      }
      return reloads;
    };
    const auto before = server_->StandardError().size();
    const int known = count();
    server_->Signal(SIGHUP);
    EXPECT_TRUE(Eventually([&] { return count() > known; }));
    return server_->StandardError().substr(before);
  }
  std::chrono::nanoseconds Interval() const {
    return std::chrono::nanoseconds(Info().min_interval().nanos());
  }
};

TEST_F(ConfigTest, AFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  const std::string file =
      File("listen = \"127.0.0.1:0\"\nmin-interval = \"300ms\"\nresume-grace = \"3s\"\n");
  StartServer({file});
  EXPECT_EQ(Interval(), milliseconds(300));
  EXPECT_EQ(Info().resume_grace().seconds(), 3);
  EXPECT_EQ(server_->Stop(), 0);

  const Variable environment("LIVENESSD_MIN_INTERVAL", "200ms");
  StartServer({file});
  EXPECT_EQ(Interval(), milliseconds(200));
  EXPECT_EQ(Info().resume_grace().seconds(), 3);
  EXPECT_EQ(server_->Stop(), 0);

  StartServer({file, "--min-interval=150ms"});
  EXPECT_EQ(Interval(), milliseconds(150));
}

TEST_F(ConfigTest, TheEnvironmentAloneStartsAServer) {
  const std::string file = File("max-clients = 3\nmin-interval = \"300ms\"\n");
  const Variable config("LIVENESSD_CONFIG", file.substr(file.find('=') + 1).c_str());
  StartServer();
  EXPECT_EQ(Interval(), milliseconds(300));
}

TEST_F(ConfigTest, AFileThatIsWrongIsToldWithItsPlaceAndNothingIsServed) {
  const std::string path = dir_.file("livenessd.toml");
  const std::vector<std::pair<std::string, std::string>> all = {
      {"min-intervall = \"1s\"\n", ":1:1: key 'min-intervall' is not known; did you mean 'min-interval'?\n"},
      {"\n\nmax-clients = \"3\"\n", ":3:15: key 'max-clients' takes an integer, not a string\n"},
      {"canary = \"on\"\ncanary = \"off\"\n", ":2:10: key 'canary' is given twice\n"},
      {"keep-dead = \"24 hours\"\n", ":1:13: keep-dead: "},
      {"[server]\nlisten = \"127.0.0.1:0\"\n", ":1:2: key 'server' is not known\n"},
  };
  for (const auto& [text, why] : all) {
    const auto refused = ServerProcess::RunToEnd({"--listen=127.0.0.1:0", File(text)});
    EXPECT_EQ(refused.exit_code, 2) << text;
    EXPECT_EQ(refused.out, "") << text;
    EXPECT_THAT(refused.err, StartsWith(path + why)) << text;
  }
  const auto missing = ServerProcess::RunToEnd({"--config=" + dir_.file("none")});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("none: cannot be read: No such file or directory"));
  const auto twice = ServerProcess::RunToEnd({"--listen=127.0.0.1:0", "--listen=127.0.0.1:0"});
  EXPECT_EQ(twice.exit_code, 2);
  EXPECT_THAT(twice.err, HasSubstr("--listen is given twice"));
}

TEST_F(ConfigTest, WhatIsPrintedStartsTheSameServer) {
  const auto printed = ServerProcess::RunToEnd(
      {"config", "print", "--min-interval=250ms", "--resume-grace=2s", "--keepalive-preset=strict"});
  EXPECT_EQ(printed.exit_code, 0);
  EXPECT_EQ(printed.err, "");
  const std::string file = File(printed.out);
  const auto checked = ServerProcess::RunToEnd({"config", "check", file});
  EXPECT_EQ(checked.out, "ok\n");
  EXPECT_EQ(checked.exit_code, 0);
  StartServer({file});
  EXPECT_EQ(Interval(), milliseconds(250));
  EXPECT_EQ(Info().resume_grace().seconds(), 2);
  EXPECT_EQ(Info().keepalive_preset(), "strict");
}

TEST_F(ConfigTest, CheckFindsWhatAStartWouldFind) {
  const Certificate good, other;
  const std::string tls = "tls-cert = \"" + good.cert_file() + "\"\ntls-key = \"";
  const auto check = [this](const std::string& text) {
    return ServerProcess::RunToEnd({"config", "check", "--data-dir=" + dir_.file("data"), File(text)});
  };
  EXPECT_EQ(check(tls + good.key_file() + "\"\n").out, "ok\n");
  const auto wrong = check(tls + other.key_file() + "\"\n");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err,
              AllOf(HasSubstr("livenessd.toml:2:11: tls-key="), HasSubstr("is not the key of the first")));
  const auto missing = check(tls + dir_.file("none") + "\"\n");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("none: No such file or directory"));
  EXPECT_FALSE(std::filesystem::exists(dir_.file("data"))) << "a check makes nothing";
}

TEST_F(ConfigTest, AHangupTakesWhatCanChangeAndNamesWhatCannot) {
  const std::string file = File("min-interval = \"100ms\"\n");
  const std::string path = file.substr(file.find('=') + 1);
  StartServer({file, "--keep-left=2h"});
  HeartbeatStream stream(server_->address());
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1")));
  EXPECT_THAT(Reload(), HasSubstr("; the configuration is what it was"));

  File("min-interval = \"250ms\"\nlog-level = \"debug\"\ndrain-timeout = \"60s\"\nkeep-left = \"9h\"\n");
  const std::string log = Reload();
  EXPECT_THAT(log, HasSubstr("reload: log-level is debug now, in " + path + "; it was info"));
  EXPECT_THAT(log, HasSubstr("reload: drain-timeout is 60s now, in " + path + "; it was 5s"));
  EXPECT_THAT(log,
              HasSubstr("reload: min-interval is 250ms in " + path + " and 100ms here: it takes a restart"));
  EXPECT_THAT(log, Not(HasSubstr("keep-left"))) << "the flag hides it";
  EXPECT_THAT(log, HasSubstr("settings that changed: 2, settings that take a restart: 1"));
  EXPECT_EQ(Interval(), milliseconds(100));

  // The next hangup tells again what still differs, and no more what is in force.
  EXPECT_THAT(Reload(), AllOf(HasSubstr("min-interval is 250ms"), Not(HasSubstr("log-level is"))));
  ASSERT_TRUE(stream.Ping(1));
  EXPECT_TRUE(stream.Receive());

  // The new bound holds: a client that stays holds the drain for longer than the 5 s of old.
  server_->Signal(SIGTERM);
  EXPECT_TRUE(LogSays("stopping within 1m"));
}

TEST_F(ConfigTest, AHangupOverAWrongFileChangesNothing) {
  StartServer({File("log-level = \"info\"\n")});
  File("log-level = \"debug\"\nlog-lefel = \"debug\"\n");
  const std::string log = Reload();
  EXPECT_THAT(log, HasSubstr(":2:1: key 'log-lefel' is not known; did you mean 'log-level'?"));
  EXPECT_THAT(log, HasSubstr("the configuration was refused, and all of it is as it was"));
  EXPECT_THAT(log, Not(HasSubstr("log-level is debug now")));
  std::filesystem::remove(dir_.file("livenessd.toml"));
  EXPECT_THAT(Reload(), HasSubstr("livenessd.toml: cannot be read: No such file or directory"));
  EXPECT_TRUE(Info().ready());
  File("log-level = \"warn\"\n");
  server_->Signal(SIGHUP);
  EXPECT_TRUE(LogSays("reload: log-level is warn now"));
}

}  // namespace
}  // namespace liveness::testing
