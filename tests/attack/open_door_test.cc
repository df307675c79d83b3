// A server is closed until somebody says otherwise.
#include "tests/attack/attacked_server.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(AttackTest, WhatOthersReachDoesNotOpenByItself) {
  for (const std::vector<std::string>& flags : {std::vector<std::string>{"--listen=0.0.0.0:0"},
                                                {"--listen=[::]:0"},
                                                {"--listen=127.0.0.1:0,0.0.0.0:0"},
                                                {"--listen=127.0.0.1:0", "--http-listen=0.0.0.0:0"}}) {
    const auto run = ServerProcess::RunToEnd(flags);
    EXPECT_EQ(run.exit_code, 2) << flags.back();
    EXPECT_THAT(run.err, HasSubstr("--insecure-anonymous"));
    EXPECT_THAT(run.err, HasSubstr("--tls-ca"));
  }
}

TEST_F(AttackTest, TokensInTheClearAreNoProof) {
  const auto run = ServerProcess::RunToEnd(
      {"--listen=0.0.0.0:0", "--token-file=" + Write("tokens.toml", TokenEntry("a", "\"view\""))});
  EXPECT_EQ(run.exit_code, 2);
}

TEST_F(AttackTest, WhatStrangersMayIsSaidAloud) {
  Start({"--listen=0.0.0.0:0", "--insecure-anonymous=beat,view"});
  const std::string port = server_->address().substr(server_->address().rfind(':'));
  const auto channel = NewChannel("127.0.0.1" + port);
  Bystander bystander(channel, "a");
  EXPECT_TRUE(bystander.welcomed());
  EXPECT_TRUE(Get(channel, "a"));
  v1::AdminService::Stub stub(channel);
  v1::DrainServerResponse drained;
  EXPECT_EQ(ReasonOrCode(Call(stub, &v1::AdminService::Stub::DrainServer, v1::DrainServerRequest(), drained)),
            "NOT_AUTHENTICATED");
  EXPECT_EQ(bystander.End(Millis(200)), std::nullopt);
  EXPECT_THAT(server_->StandardError(), HasSubstr("INSECURE"));
}

TEST_F(AttackTest, WhereSomebodyIsAskedWhoItIsNobodyElseIsLetIn) {
  Start({"--token-file=" + Write("tokens.toml", TokenEntry("a", "\"view\""))});
  EXPECT_EQ(HelloAs(Channel(), "a"), "NOT_AUTHENTICATED");
  EXPECT_EQ(HelloAs(Channel(), "a", "x", "lvt_guess" + std::string(40, 'y')), "BAD_TOKEN");
  EXPECT_EQ(HelloAs(Channel(), "a", "x", TokenOf("a")), "NOT_ALLOWED") << "its role is another";
}

TEST_F(AttackTest, ThisHostAloneIsAskedNothing) {
  Start({});
  EXPECT_EQ(HelloAs(Channel(), "a"), "welcome");
}

}  // namespace
}  // namespace liveness::testing
