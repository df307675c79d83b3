// The user of etcd that a server is given has too few rights: it says which, at the start or in its
// readiness, and goes on as soon as it has them. Or too many: it serves, and says which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/etcd_process.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/http_connection.h"
#include "tests/support/server_process.h"

namespace liveness::testing {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EtcdRights : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdProcess::Available()) GTEST_SKIP() << "etcd-server and etcd-client are not installed";
    etcd_ = EtcdProcess::Start();
    ASSERT_NE(etcd_, nullptr);
    std::ofstream(dir_.file("password")) << "geheim\n";
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"user", "add", "root", "--new-user-password=root"},
                                               {"role", "add", "liveness"},
                                               {"user", "add", "live", "--new-user-password=geheim"},
                                               {"user", "grant-role", "live", "liveness"},
                                               {"auth", "enable"}}) {
      ASSERT_NE(etcd_->Ctl(command), "") << command[0] << " " << command[1];
    }
  }
  std::string AsRoot(std::vector<std::string> command) const {
    command.insert(command.begin(), "--user=root:root");
    return etcd_->Ctl(command);
  }
  void Grant(const std::string& right, const std::string& prefix) const {
    ASSERT_NE(AsRoot({"role", "grant-permission", "liveness", right, "--prefix=true", prefix}), "");
  }
  void Revoke(const std::string& prefix) const {
    ASSERT_NE(AsRoot({"role", "revoke-permission", "liveness", "--prefix=true", prefix}), "");
  }
  std::vector<std::string> Flags() const {
    return {"--listen=127.0.0.1:0", "--http-listen=127.0.0.1:0",
            "--store=etcd",         "--etcd-endpoints=" + etcd_->endpoints()[0],
            "--etcd-user=live",     "--etcd-password-file=" + dir_.file("password")};
  }
  static bool Within(seconds patience, const std::function<bool()>& holds) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  const TempDir dir_;
  std::unique_ptr<EtcdProcess> etcd_;
};

// No rights, half of them, or those on some of the keys: the server does not start, and names what it needs.
// It has written nothing that a later start would stumble over.
TEST_F(EtcdRights, TooFewAreSaidAtTheStart) {
  const auto expect_refused = [&](const std::string& what) {
    const auto outcome = ServerProcess::RunToEnd(Flags());
    EXPECT_EQ(outcome.exit_code, 1) << what << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("permission denied")) << what;
    EXPECT_THAT(outcome.err, HasSubstr("--etcd-user")) << what;
    EXPECT_THAT(outcome.err, HasSubstr("/liveness/")) << what;
    EXPECT_THAT(outcome.err, Not(HasSubstr("geheim"))) << what;
    EXPECT_THAT(outcome.out, Not(HasSubstr("listening on"))) << what;
  };
  expect_refused("no rights");
  for (const auto& [right, prefix] :
       {std::pair("read", "/liveness/"), std::pair("write", "/liveness/"),
        std::pair("readwrite", "/liveness/meta/"), std::pair("readwrite", "/liveness/clients/"),
        std::pair("readwrite", "/other/")}) {
    Grant(right, prefix);
    expect_refused(std::string(right) + " on " + prefix);
    Revoke(prefix);
  }
  Grant("readwrite", "/liveness/");
  const auto server = ServerProcess::Start(Flags());
  ASSERT_NE(server, nullptr);
  HeartbeatStream stream(server->address());
  EXPECT_TRUE(stream.Join(HeartbeatStream::Hello("web-1", "1")));
}

// To have more than it needs keeps no server from starting, but whoever installs it is told; with what the
// docs ask for there is nothing to tell.
TEST_F(EtcdRights, TooManyAreSaidInTheLog) {
  const auto said = [&] {
    const auto server = ServerProcess::Start(Flags());
    EXPECT_NE(server, nullptr);
    return server == nullptr ? std::string() : server->StandardError();
  };
  Grant("readwrite", "/liveness/");
  EXPECT_THAT(said(), Not(HasSubstr("than this server needs")));
  Grant("read", "/other/");
  EXPECT_THAT(said(), AllOf(HasSubstr("--etcd-user=live may do more in etcd than this server needs"),
                            HasSubstr("read on all keys that begin with \"/other/\" (role liveness)")));
  Revoke("/other/");
  Grant("readwrite", "");
  EXPECT_THAT(said(), HasSubstr("readwrite on all keys (role liveness)"));
  Revoke("");
  ASSERT_NE(AsRoot({"user", "grant-role", "live", "root"}), "");
  EXPECT_THAT(said(), HasSubstr("everything (role root)"));
}

// Rights that are taken away while it serves: who is there stays, nobody new is welcomed, readiness says why;
// and all is well once they are back.
TEST_F(EtcdRights, ThoseThatAreTakenAwayAreSaidInReadiness) {
  Grant("readwrite", "/liveness/");
  const auto server = ServerProcess::Start(Flags());
  ASSERT_NE(server, nullptr);
  HeartbeatStream stays(server->address());
  ASSERT_TRUE(stays.Join(HeartbeatStream::Hello("stays", "1", seconds(1), seconds(60))));
  Revoke("/liveness/");
  std::string ready;
  EXPECT_TRUE(Within(seconds(30), [&] {
    HeartbeatStream newcomer(server->address());
    (void)newcomer.Join(HeartbeatStream::Hello("newcomer", "1"));
    ready = HttpConnection(server->http_address()).Get("/readyz").body;
    return ready.find("permission denied") != std::string::npos;
  })) << ready;
  EXPECT_EQ(stays.End(std::chrono::milliseconds(0)), std::nullopt);
  Grant("readwrite", "/liveness/");
  EXPECT_TRUE(Within(seconds(60), [&] {
    HeartbeatStream newcomer(server->address());
    return newcomer.Join(HeartbeatStream::Hello("newcomer", "2")).has_value();
  })) << server->StandardError();
  EXPECT_EQ(stays.End(std::chrono::milliseconds(0)), std::nullopt);
}

}  // namespace
}  // namespace liveness::testing
