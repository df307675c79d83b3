// A password that goes to etcd in the clear is said, whatever etcd makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/etcd_process.h"
#include "tests/support/server_process.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(PlainUser, AUserWithoutTlsIsWarnedOf) {
  if (!EtcdProcess::Available()) GTEST_SKIP() << "etcd-server and etcd-client are not installed";
  const auto etcd = EtcdProcess::Start();
  ASSERT_NE(etcd, nullptr);
  const TempDir dir;
  std::ofstream(dir.file("password")) << "geheim\n";
  // This etcd knows no users: the start ends here.
  const auto outcome =
      ServerProcess::RunToEnd({"--store=etcd", "--etcd-endpoints=" + etcd->endpoints()[0],
                               "--etcd-user=liveness", "--etcd-password-file=" + dir.file("password")});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("--etcd-user without --etcd-ca"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("geheim")));
}

TEST(HttpProxy, EtcdIsReachedWithoutOneUnlessToldOtherwise) {
  if (!EtcdProcess::Available()) GTEST_SKIP() << "etcd-server and etcd-client are not installed";
  const auto etcd = EtcdProcess::Start();
  ASSERT_NE(etcd, nullptr);
  setenv("http_proxy", "http://127.0.0.1:1", 1);  // nobody listens there
  const std::vector<std::string> args = {"--listen=127.0.0.1:0", "--store=etcd",
                                         "--etcd-endpoints=" + etcd->endpoints()[0]};
  EXPECT_NE(ServerProcess::Start(args), nullptr);
  std::vector<std::string> told = args;
  told.emplace_back("--etcd-http-proxy");
  EXPECT_NE(ServerProcess::RunToEnd(told).exit_code, 0);
  unsetenv("http_proxy");
}

}  // namespace
}  // namespace liveness::testing
