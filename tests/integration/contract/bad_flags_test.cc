// Command lines that livenessd refuses: one clear line, and an exit code.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

#include "tests/integration/contract/contract_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

class BadFlagsTest : public ContractTest {
 protected:
  // Exit code 2, and on stderr one line that names `what`, then the hint.
  static void ExpectRefused(const std::vector<std::string>& args, const std::string& what) {
    const auto outcome = ServerProcess::RunToEnd(args);
    EXPECT_EQ(outcome.exit_code, 2) << what << "\n" << outcome.err;
    EXPECT_EQ(outcome.out, "");
    const std::string first = outcome.err.substr(0, outcome.err.find('\n'));
    EXPECT_TRUE(first.starts_with("livenessd: ")) << outcome.err;
    EXPECT_THAT(first, HasSubstr(what));
    EXPECT_EQ(outcome.err.substr(first.size()), "\nTry 'livenessd --help'.\n");
  }
  // Exit code 1, and one line that holds all of `words`.
  static void ExpectCannotStart(const std::vector<std::string>& args, const std::vector<std::string>& words) {
    const auto outcome = ServerProcess::RunToEnd(args);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& word : words) EXPECT_THAT(outcome.err, HasSubstr(word));
  }
};

TEST_F(BadFlagsTest, UnknownAndUnreadable) {
  ExpectRefused({"--no-such-flag"}, "--no-such-flag");
  ExpectRefused({"stray"}, "stray");
  ExpectRefused({"--listen"}, "--listen");
  for (const char* listen :
       {"nowhere", "127.0.0.1", "127.0.0.1:", ":", "127.0.0.1:65536", "127.0.0.1:http", "127.0.0.1:-1"}) {
    ExpectRefused({std::string("--listen=") + listen}, "--listen");
  }
  for (const char* value : {"", "5", "fast", "5 s", "-1s", "5q", "99999999999999999999s", "1s2"}) {
    ExpectRefused({std::string("--resume-grace=") + value}, "--resume-grace");
  }
  ExpectRefused({"--min-interval=0s"}, "--min-interval");
  ExpectRefused({"--keepalive-preset=lax"}, "--keepalive-preset");
  ExpectRefused({"--store=files"}, "--store");
  ExpectRefused({"--fsync=sometimes"}, "--fsync");
  ExpectRefused({"--history-age=0"}, "--history-age");
  ExpectRefused({"--history-age=long"}, "--history-age");
  ExpectRefused({"--history-transitions=0"}, "--history-transitions");
  ExpectRefused({"--history-transitions=all"}, "--history-transitions");
  ExpectRefused({"--io-threads=0"}, "--io-threads");
  ExpectRefused({"--io-threads=many"}, "--io-threads");
  ExpectRefused({"--max-ping-rate=-1"}, "--max-ping-rate");
  ExpectRefused({"--max-clients=lots"}, "--max-clients");
  ExpectRefused({"--log-level=loud"}, "--log-level");
  ExpectRefused({"--tcp-keepalive-count=0"}, "--tcp-keepalive-count");
  ExpectRefused({"--default-interval=5s", "--default-timeout=1s"}, "--default-timeout");
}

TEST_F(BadFlagsTest, PortInUse) {
  StartServer();
  ExpectCannotStart({"--listen=" + address()}, {address(), "in use", "--listen=HOST:PORT"});
}

TEST_F(BadFlagsTest, DataDirectoryInUse) {
  const std::string dir = ::testing::TempDir() + "liveness-contract-" + std::to_string(getpid());
  StartServer({"--data-dir=" + dir});
  for (const std::string& same : {dir, dir + "/", dir + "/."}) {
    ExpectCannotStart({"--listen=127.0.0.1:0", "--data-dir=" + same},
                      {"--data-dir=" + same, "another livenessd", std::to_string(server_->pid()),
                       "a directory of its own"});
  }
  // Killed, it leaves no lock behind.
  bystander_.reset();
  server_->Stop(milliseconds(30'000));
  server_ = ServerProcess::Start({"--data-dir=" + dir});
  ASSERT_NE(server_, nullptr);
  server_->Signal(SIGKILL);
  EXPECT_EQ(server_->WaitForExit(seconds(30)), 128 + SIGKILL);
  server_ = ServerProcess::Start({"--data-dir=" + dir});
  ASSERT_NE(server_, nullptr);
  EXPECT_EQ(server_->Stop(), 0);
  std::filesystem::remove_all(dir);
}

TEST_F(BadFlagsTest, DataDirectoryThatCannotBe) {
  ExpectCannotStart({"--listen=127.0.0.1:0", "--data-dir=/dev/null/x"}, {"--data-dir=/dev/null/x"});
  ExpectCannotStart({"--listen=127.0.0.1:0", "--tls-cert=/no/such/file", "--tls-key=/no/such/file"},
                    {"--tls-cert", "/no/such/file"});
  ExpectCannotStart({"--listen=192.0.2.1:7700", "--insecure-anonymous=none"}, {"192.0.2.1:7700"});
}

}  // namespace
}  // namespace liveness::testing
