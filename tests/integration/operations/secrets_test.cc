// What is secret stays where it is kept: not in the data directory for others, not in a log, not in what is
// printed, not in what a crash leaves.
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/operations/operated_server.h"
#include "tests/support/certificate.h"
#include "tests/support/sanitizer.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPassword[] = "correct-horse-of-etcd";
constexpr char kHookKey[] = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class SecretsTest : public OperatedServerTest {
 protected:
  std::string Put(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    std::ofstream(dir_.file(name), std::ios::trunc) << text;
    chmod(dir_.file(name).c_str(), mode);
    return dir_.file(name);
  }
  // With a hook of each kind of secret; `mode`: its own.
  std::string ConfigFile(mode_t mode = 0600) const {
    const std::string key = Put("hook.key", std::string("whsec_") + kHookKey + "\n");
    return Put("livenessd.toml",
               "[[hook]]\nname = \"pager\"\nurl = "
               "\"http://alice:hook-password@127.0.0.1:1/path-token?q=query-token\"\n"
               "allow-private = true\nsecret-file = \"" +
                   key +
                   "\"\n"
                   "proxy = \"http://bob:proxy-password@127.0.0.1:1\"\n",
               mode);
  }
  static void ExpectNoSecret(const std::string& text) {
    for (const char* secret : {kPassword, kHookKey, "hook-password", "path-token", "query-token",
                               "proxy-password", "PRIVATE KEY"}) {
      EXPECT_THAT(text, Not(HasSubstr(secret)));
    }
  }
};

TEST_F(SecretsTest, WhateverTheUmaskTheDataIsTheServersAlone) {
  const std::string data = dir_.file("data");
  for (const bool existed_wider : {false, true}) {
    if (existed_wider) {
      chmod(data.c_str(), 0777);
      for (const auto& entry : std::filesystem::directory_iterator(data)) chmod(entry.path().c_str(), 0666);
    }
    server_ = ServerProcess::StartUnder({"/bin/sh", "-c", "umask 0; exec \"$0\" \"$@\""},
                                        {"--listen=127.0.0.1:0", "--http-listen=none", "--data-dir=" + data});
    ASSERT_NE(server_, nullptr);
    HeartbeatStream stream(server_->address());
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1")));
    struct stat is {};
    ASSERT_EQ(stat(data.c_str(), &is), 0);
    EXPECT_EQ(is.st_mode & 07777, 0700U);
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
      ASSERT_EQ(stat(entry.path().c_str(), &is), 0);
      EXPECT_EQ(is.st_mode & 07777, 0600U) << entry.path();
      ++files;
    }
    EXPECT_GE(files, 4) << "database, log, index, lock, incidents";
    EXPECT_EQ(server_->StandardError().find("was open to others") != std::string::npos, existed_wider);
    EXPECT_EQ(server_->Stop(), 0);
  }
}

TEST_F(SecretsTest, ADirectoryForAllIsNoPlaceForIt) {
  const std::string data = dir_.file("data");
  std::filesystem::create_directory(data);
  chmod(data.c_str(), 01777);
  const auto refused =
      ServerProcess::RunToEnd({"--listen=127.0.0.1:0", "--http-listen=none", "--data-dir=" + data});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("it is for all users; name a directory in it"));
}

TEST_F(SecretsTest, FilesThatOthersMayReadAreToldAtTheStart) {
  const Certificate certificate;
  chmod(certificate.key_file().c_str(), 0644);
  StartServer({"--config=" + ConfigFile(0644), "--tls-cert=" + certificate.cert_file(),
               "--tls-key=" + certificate.key_file()});
  const std::string open = " holds a secret and is open to others (0644)";
  EXPECT_TRUE(LogSays(certificate.key_file() + open));
  EXPECT_TRUE(LogSays(dir_.file("livenessd.toml") + open));
  EXPECT_THAT(server_->StandardError(), Not(HasSubstr("hook.key holds")));
}

TEST_F(SecretsTest, AFileThatLetsPeopleInAndThatAllMayWriteToIsToldAtTheStart) {
  const std::string tokens = dir_.file("tokens.toml");
  std::ofstream(tokens) << "[[token]]\nname = 'ops'\nroles = ['admin']\nsha256 = '" << std::string(64, 'a')
                        << "'\n";
  chmod(tokens.c_str(), 0666);
  StartServer({"--token-file=" + tokens});
  EXPECT_TRUE(LogSays(tokens + " says who is let in and all may write to it (0666)"));
}

TEST_F(SecretsTest, NeitherTheLogNorWhatIsPrintedHasOne) {
  const Certificate certificate;
  const std::vector<std::string> flags = {"--config=" + ConfigFile(), "--log-level=debug",
                                          "--tls-cert=" + certificate.cert_file(),
                                          "--tls-key=" + certificate.key_file()};
  StartServer(flags);
  credentials_ = grpc::SslCredentials({.pem_root_certs = ReadFile(certificate.cert_file())});
  HeartbeatStream stream(Connect());
  const auto welcome = stream.Join(HeartbeatStream::Hello("a", "1"));
  ASSERT_TRUE(welcome);
  EXPECT_TRUE(stream.Goodbye());
  EXPECT_TRUE(LogSays("pager"));  // the hook failed, and that is told
  server_->Signal(SIGHUP);
  EXPECT_TRUE(LogSays("reload:"));
  EXPECT_EQ(server_->Stop(), 0);
  ExpectNoSecret(server_->StandardError() + server_->StandardOutput());
  EXPECT_THAT(server_->StandardError(), Not(HasSubstr(welcome->resume_token())));

  std::vector<std::string> print = {"config",
                                    "print",
                                    "--store=etcd",
                                    "--etcd-endpoints=127.0.0.1:1",
                                    "--etcd-user=u",
                                    "--etcd-ca=" + certificate.cert_file(),
                                    "--etcd-cert=" + certificate.cert_file(),
                                    "--etcd-key=" + certificate.key_file(),
                                    "--etcd-password-file=" + Put("password", std::string(kPassword) + "\n")};
  print.insert(print.end(), flags.begin(), flags.end());
  const auto printed = ServerProcess::RunToEnd(print);
  EXPECT_EQ(printed.exit_code, 0) << printed.err;
  EXPECT_THAT(printed.out, HasSubstr(dir_.file("password"))) << "where it is kept may be told";
  EXPECT_THAT(printed.out, HasSubstr("pager"));
  ExpectNoSecret(printed.out + printed.err);
}

// The server's own word lets a core be left: what shows that one would have been found.
TEST_F(SecretsTest, ACrashLeavesNoCore) {
  if (IsSanitized()) GTEST_SKIP() << "a sanitizer forbids cores by itself: its shadow would be in them";
  const std::string pattern = ReadFile("/proc/sys/kernel/core_pattern");
  if (pattern.empty() || pattern.front() == '|' || pattern.front() == '/') {
    GTEST_SKIP() << "cores go elsewhere: " << pattern;
  }
  for (const bool lets : {false, true}) {
    const std::string here = dir_.file(lets ? "lets" : "forbids");
    std::filesystem::create_directory(here);
    std::vector<std::string> flags = {"--config=" + ConfigFile(), "--listen=127.0.0.1:0",
                                      "--http-listen=none", "--data-dir=:memory:"};
    if (lets) flags.emplace_back("--core-dumps");
    server_ = ServerProcess::StartUnder({"/usr/bin/prlimit", "--core=unlimited", "/usr/bin/env", "-C", here},
                                        flags);
    ASSERT_NE(server_, nullptr);
    server_->Signal(SIGABRT);
    EXPECT_EQ(server_->WaitForExit(seconds(60)), 128 + SIGABRT);
    std::string cores;
    for (const auto& entry : std::filesystem::directory_iterator(here))
      cores += ReadFile(entry.path().string());
    EXPECT_EQ(!cores.empty(), lets);
    EXPECT_EQ(cores.find("path-token") != std::string::npos, lets);
  }
}

}  // namespace
}  // namespace liveness::testing
