// Certificates that are renewed, wrong, about to expire or not made for the canary.
#include <signal.h>

#include <fstream>
#include <initializer_list>
#include <optional>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/operations/operated_server.h"
#include "tests/support/authority.h"

namespace liveness::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Hours = Authority::Hours;

class CertificatesTest : public OperatedServerTest {
 protected:
  // As a tool that renews does: beside it, and into its place.
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(dir_.file(name + ".new")) << text;
    std::filesystem::rename(dir_.file(name + ".new"), dir_.file(name));
  }
  void WritePair(const PemPair& pair) const {
    Write("cert.pem", pair.cert);
    Write("key.pem", pair.key);
  }
  std::vector<std::string> Flags(std::vector<std::string> more = {}) const {
    more.push_back("--tls-cert=" + dir_.file("cert.pem"));
    more.push_back("--tls-key=" + dir_.file("key.pem"));
    return more;
  }
  std::vector<std::string> MutualFlags() const {
    return Flags({"--tls-ca=" + dir_.file("ca.pem"), "--tls-require-client-cert"});
  }
  // As whom the client of the next calls comes, and whom it trusts.
  void Trust(const Authority& authority, const std::optional<PemPair>& as = std::nullopt) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority.cert();
    if (as) {
      options.pem_cert_chain = as->cert;
      options.pem_private_key = as->key;
    }
    credentials_ = grpc::SslCredentials(options);
  }
  bool Answers() const {
    v1::ServerInfo info;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(5));
    return v1::AdminService::NewStub(Connect())->GetServerInfo(&context, {}, &info).ok();
  }
  // What a start with `flags` ends with; it must fail.
  static std::string WhyNot(const std::vector<std::string>& flags) {
    std::vector<std::string> args = flags;
    args.push_back("--listen=127.0.0.1:0");
    const auto outcome = ServerProcess::RunToEnd(args);
    EXPECT_EQ(outcome.exit_code, 1);
    return outcome.err;
  }

  // What `openssl s_client` with `flags` gets for GET /livez over TLS; empty if the handshake fails.
  std::string HttpsAnswer(const std::string& flags) const {
    ChildProcess client("/bin/sh",
                        {"-c",
                         "(printf 'GET /livez HTTP/1.0\\r\\n\\r\\n'; sleep 1) | openssl s_client -quiet "
                         "-verify_return_error -connect " +
                             server_->http_address() + " " + flags});
    EXPECT_NE(client.Wait(seconds(30)), -1);
    return client.Out();
  }

  const Authority old_{"old authority"};
  const Authority new_{"new authority"};
};

TEST_F(CertificatesTest, ARenewedPairIsTakenWithoutARestart) {
  WritePair(old_.Issue("a.test"));
  StartServer(Flags());
  Trust(old_);
  ASSERT_EQ(Info().certificates_size(), 1);
  EXPECT_EQ(Info().certificates(0).subject(), "CN=a.test");
  EXPECT_THAT(Info().certificates(0).names(), ElementsAre("DNS:a.test", "IP:127.0.0.1"));
  const auto standing = Connect();
  ASSERT_TRUE(standing->WaitForConnected(std::chrono::system_clock::now() + seconds(20)));

  WritePair(new_.Issue("b.test"));
  Trust(new_);
  EXPECT_TRUE(Eventually([&] { return Answers(); }));
  EXPECT_EQ(Info().certificates(0).subject(), "CN=b.test");
  Trust(old_);
  EXPECT_FALSE(Answers());
  EXPECT_EQ(standing->GetState(false), GRPC_CHANNEL_READY) << "what stands goes on";
  EXPECT_TRUE(LogSays("certificate CN=b.test"));
}

TEST_F(CertificatesTest, AHangupTakesThemAtOnceAndSaysSo) {
  WritePair(old_.Issue("a.test"));
  StartServer(Flags());
  server_->Signal(SIGHUP);
  EXPECT_TRUE(LogSays("reload: the TLS files hold what they held"));
  Write("key.pem", new_.Issue("b.test").key);
  server_->Signal(SIGHUP);
  EXPECT_TRUE(LogSays("reload: the TLS files were refused"));
  EXPECT_THAT(server_->StandardError(), HasSubstr("is not the key of the first certificate in"));
  Trust(old_);
  EXPECT_TRUE(Answers());
}

TEST_F(CertificatesTest, AHalfWrittenPairKeepsTheOldAndIsToldOnce) {
  const PemPair next = new_.Issue("b.test");
  WritePair(old_.Issue("a.test"));
  StartServer(Flags());
  std::ofstream(dir_.file("cert.pem")) << next.cert.substr(0, next.cert.size() / 2);
  EXPECT_TRUE(LogSays("the old ones stay in use"));
  Trust(old_);
  EXPECT_TRUE(Answers());
  std::this_thread::sleep_for(seconds(3));
  const std::string log = server_->StandardError();
  EXPECT_EQ(log.find("the old ones"), log.rfind("the old ones"));
  EXPECT_THAT(Kinds(Info()), Contains("CERTIFICATE"));
  WritePair(next);
  Trust(new_);
  EXPECT_TRUE(Eventually([&] { return Answers(); }));
}

TEST_F(CertificatesTest, ARenewedAuthorityOfClientsHoldsToo) {
  WritePair(old_.Issue("server.test"));
  Write("ca.pem", old_.cert());
  StartServer(MutualFlags());
  Trust(old_, new_.Issue("client.test"));
  EXPECT_FALSE(Answers());
  Write("ca.pem", new_.cert());
  EXPECT_TRUE(Eventually([&] { return Answers(); }));
  Trust(old_, old_.Issue("client.test"));
  EXPECT_FALSE(Answers());
}

TEST_F(CertificatesTest, TheCanaryNeedsNothingOfTheServersCertificate) {
  WritePair(old_.Issue("server.test", "serverAuth"));
  Write("ca.pem", new_.cert());  // which has not even issued it
  StartServer(MutualFlags());
  Trust(old_, new_.Issue("client.test"));
  EXPECT_TRUE(Eventually([&] { return Info().canary().state() == v1::CANARY_STATE_WATCHING; }))
      << server_->StandardError();
  WritePair(old_.Issue("again.test", "serverAuth"));
  EXPECT_TRUE(LogSays("certificate CN=again.test"));
  EXPECT_EQ(Info().canary().state(), v1::CANARY_STATE_WATCHING);
  Trust(old_);  // no certificate is not let in for that
  EXPECT_FALSE(Answers());
}

TEST_F(CertificatesTest, ARefusedHandshakeLeavesALine) {
  WritePair(old_.Issue("server.test"));
  Write("ca.pem", old_.cert());
  StartServer(MutualFlags());
  credentials_ = grpc::InsecureChannelCredentials();
  EXPECT_FALSE(Answers());
  EXPECT_TRUE(LogSays("TLS: a handshake was refused: wrong version number"));
  Trust(old_);
  EXPECT_FALSE(Answers());
  EXPECT_TRUE(LogSays("TLS: a handshake was refused: peer did not return a certificate"));
  for (const PemPair& refused :
       {new_.Issue("client.test"), old_.Issue("late.test", "clientAuth", Hours(-9), Hours(-1))}) {
    const std::string before = server_->StandardError();
    Trust(old_, refused);
    EXPECT_FALSE(Answers());
    EXPECT_TRUE(Eventually([&] {
      return server_->StandardError().find("refused: certificate verify failed", before.size()) !=
             std::string::npos;
    }));
  }
}

TEST_F(CertificatesTest, WhatIsWrongIsNamedAtTheStart) {
  const PemPair good = old_.Issue("a.test");
  WritePair({good.cert, new_.Issue("b.test").key});
  EXPECT_THAT(WhyNot(Flags()),
              HasSubstr("--tls-key=" + dir_.file("key.pem") + ": is not the key of the first"));
  WritePair({good.cert, Locked(good.key)});
  EXPECT_THAT(WhyNot(Flags()), HasSubstr("key.pem: has a passphrase"));
  WritePair({good.key, good.cert});
  EXPECT_THAT(WhyNot(Flags()), HasSubstr("--tls-cert=" + dir_.file("cert.pem") + ": holds no certificate"));
  WritePair({good.cert, good.cert});
  EXPECT_THAT(WhyNot(Flags()), HasSubstr("key.pem: holds no private key"));
  WritePair({good.cert.substr(0, 200), good.key});
  EXPECT_THAT(WhyNot(Flags()), HasSubstr("cert.pem: holds a certificate that does not parse"));
  WritePair(good);
  EXPECT_THAT(WhyNot(Flags({"--tls-ca=" + dir_.path().string()})),
              HasSubstr("--tls-ca=" + dir_.path().string() + ": Is a directory"));
  Write("ca.pem", "");
  EXPECT_THAT(WhyNot(Flags({"--tls-ca=" + dir_.file("ca.pem")})), HasSubstr("ca.pem: is empty"));
}

TEST_F(CertificatesTest, OneThatHasExpiredIsTheReasonAndOneThatWillIsTold) {
  WritePair(old_.Issue("a.test", "serverAuth", Hours(-48), Hours(24 * 10)));
  Write("ca.pem", old_.cert());
  StartServer(MutualFlags());
  EXPECT_TRUE(LogSays("TLS: expires in "));
  Trust(old_, old_.Issue("client.test"));
  EXPECT_TRUE(Info().ready());
  WritePair(old_.Issue("a.test", "serverAuth", Hours(-48), Hours(-1)));
  EXPECT_TRUE(LogSays("TLS: EXPIRED: certificate CN=a.test"));
  EXPECT_FALSE(Answers());
  WritePair(old_.Issue("a.test", "serverAuth", Hours(5), Hours(24 * 100)));
  EXPECT_TRUE(LogSays("TLS: not valid before"));
  WritePair(old_.Issue("a.test"));
  EXPECT_TRUE(Eventually([&] { return Answers() && Info().ready(); }));
  EXPECT_THAT(Kinds(Info()), Contains("CERTIFICATE"));
}

TEST_F(CertificatesTest, HttpIsServedByTheSameFilesAndTakesRenewedOnes) {
  WritePair(old_.Issue("a.test"));
  Write("old.pem", old_.cert());
  Write("new.pem", new_.cert());
  StartServer(Flags({"--http-listen=127.0.0.1:0"}));
  EXPECT_THAT(HttpsAnswer("-CAfile " + dir_.file("old.pem")), HasSubstr("{\"live\":true"));
  EXPECT_THAT(HttpsAnswer("-CAfile " + dir_.file("new.pem")), ::testing::Not(HasSubstr("live")));
  WritePair(new_.Issue("b.test"));
  EXPECT_TRUE(LogSays("certificate CN=b.test"));
  EXPECT_THAT(HttpsAnswer("-CAfile " + dir_.file("new.pem")), HasSubstr("{\"live\":true"));
}

TEST_F(CertificatesTest, HttpAsksForClientCertificatesWhereGrpcDoes) {
  WritePair(old_.Issue("server.test"));
  Write("ca.pem", old_.cert());
  const PemPair client = old_.Issue("client.test");
  const PemPair stranger = new_.Issue("stranger.test");
  Write("client.pem", client.cert + client.key);
  Write("stranger.pem", stranger.cert + stranger.key);
  auto flags = MutualFlags();
  flags.push_back("--http-listen=127.0.0.1:0");
  StartServer(flags);
  const std::string trust = "-CAfile " + dir_.file("ca.pem");
  EXPECT_THAT(HttpsAnswer(trust), ::testing::Not(HasSubstr("live")));
  EXPECT_THAT(HttpsAnswer(trust + " -cert " + dir_.file("stranger.pem")), ::testing::Not(HasSubstr("live")));
  EXPECT_THAT(HttpsAnswer(trust + " -cert " + dir_.file("client.pem")), HasSubstr("{\"live\":true"));
}

}  // namespace
}  // namespace liveness::testing
