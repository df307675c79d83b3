// TLS and mutual TLS, with certificates made for the run.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

std::string Read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ClientTls : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/liveness-tls-XXXXXX";
    directory_ = mkdtemp(name);
    const std::string command =
        "cd " + directory_.string() +
        " && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2"
        " -subj /CN=liveness.test -addext subjectAltName=DNS:liveness.test >log 2>&1";
    if (std::system(command.c_str()) != 0)
      GTEST_SKIP() << "openssl cannot make a certificate: " << Read(directory_ / "log");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(const char* file) const { return directory_ / file; }

  std::shared_ptr<grpc::ServerCredentials> ServerCredentials(bool mutual) const {
    grpc::SslServerCredentialsOptions options(mutual
                                                  ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_root_certs = Read(Path("cert.pem"));
    options.pem_key_cert_pairs.push_back({Read(Path("key.pem")), Read(Path("cert.pem"))});
    return grpc::SslServerCredentials(options);
  }

  static grpc::Status Script(FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 100, 10'000);
    return stream.Serve();
  }

  std::filesystem::path directory_;
};

TEST_F(ClientTls, ServerCertificateIsVerifiedByName) {
  FakeHeartbeatServer server(Script, 0, ServerCredentials(false));
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.tls = Tls{Path("cert.pem"), "", "", "liveness.test"};
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
  options.tls = Tls{Path("cert.pem"), Path("cert.pem"), Path("key.pem"), "liveness.test"};
  const auto client = StartClient(options);
  EXPECT_TRUE(log.WaitFor("LIVE"));

  StateLog other_log;
  options.on_state = other_log.Callback();
  options.tls = Tls{Path("cert.pem"), "", "", "liveness.test"};
  const auto other = StartClient(options);
  EXPECT_TRUE(Eventually([&] { return other->last_error().has_value(); }));
  EXPECT_EQ(other_log.Count("LIVE"), 0);
}

}  // namespace
}  // namespace liveness::testing
