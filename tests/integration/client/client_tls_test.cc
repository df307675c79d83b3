// TLS and mutual TLS, with certificates made for the run.
#include <gtest/gtest.h>

#include "tests/integration/client/state_log.h"
#include "tests/support/certificate.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

class ClientTls : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(certificate_.failure(), ""); }

  std::shared_ptr<grpc::ServerCredentials> ServerCredentials(bool mutual) const {
    grpc::SslServerCredentialsOptions options(mutual
                                                  ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_root_certs = ReadFile(certificate_.cert_file());
    options.pem_key_cert_pairs.push_back(
        {ReadFile(certificate_.key_file()), ReadFile(certificate_.cert_file())});
    return grpc::SslServerCredentials(options);
  }

  static grpc::Status Script(FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 100, 10'000);
    return stream.Serve();
  }

  const Certificate certificate_;
};

TEST_F(ClientTls, ServerCertificateIsVerifiedByName) {
  FakeHeartbeatServer server(Script, 0, ServerCredentials(false));
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.tls = Tls{certificate_.cert_file(), "", "", "liveness.test"};
  const auto client = StartClient(options);
  EXPECT_TRUE(log.WaitFor("LIVE"));

  StateLog other_log;
  options.on_state = other_log.Callback();
  options.tls->server_name = "another.test";
  const auto other = StartClient(options);
  EXPECT_TRUE(other_log.WaitFor("CONNECTING CONNECT_FAILED"));
  EXPECT_EQ(other_log.Count("LIVE"), 0);
}

TEST_F(ClientTls, MutualTlsNeedsTheClientsCertificate) {
  FakeHeartbeatServer server(Script, 0, ServerCredentials(true));
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.tls =
      Tls{certificate_.cert_file(), certificate_.cert_file(), certificate_.key_file(), "liveness.test"};
  const auto client = StartClient(options);
  EXPECT_TRUE(log.WaitFor("LIVE"));

  StateLog other_log;
  options.on_state = other_log.Callback();
  options.tls = Tls{certificate_.cert_file(), "", "", "liveness.test"};
  const auto other = StartClient(options);
  EXPECT_TRUE(Eventually([&] { return other->last_error().has_value(); }));
  EXPECT_EQ(other_log.Count("LIVE"), 0);
}

}  // namespace
}  // namespace liveness::testing
