// TLS and mutual TLS by flags alone, on the server and on livenessctl.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_process.h"
#include "tests/support/certificate.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// What livenessctl ends with when no server can be reached.
constexpr int kUnreachable = 4;

class CliTlsTest : public CliTest {
 protected:
  void SetUp() override { ASSERT_EQ(certificate_.failure(), ""); }

  void Serve(const std::vector<std::string>& more) {
    std::vector<std::string> args = {"--tls-cert=" + certificate_.cert_file(),
                                     "--tls-key=" + certificate_.key_file()};
    args.insert(args.end(), more.begin(), more.end());
    server_ = ServerProcess::Start(args);
    ASSERT_NE(server_, nullptr);
  }

  std::vector<std::string> Trusting(std::vector<std::string> args) const {
    args.insert(args.end(), {"--tls-ca=" + certificate_.cert_file(), "--tls-server-name=liveness.test"});
    return args;
  }
  std::vector<std::string> Certified(std::vector<std::string> args) const {
    args.insert(args.end(),
                {"--tls-cert=" + certificate_.cert_file(), "--tls-key=" + certificate_.key_file()});
    return args;
  }

  const Certificate certificate_;
};

TEST_F(CliTlsTest, ATrustedServerIsBeatenAndQueried) {
  Serve({});
  const auto beat = Start(Trusting({"beat", "--id=web-1", "--interval=200ms", "--timeout=10s"}));
  EXPECT_TRUE(Eventually([&] {
    return Run(Trusting({"get", "web-1", "-o", "json"})).out.find("STATE_ALIVE") != std::string::npos;
  })) << beat->Err();
  // The kernel's values are read back from below the TLS layer just the same.
  EXPECT_THAT(Run(Trusting({"get", "web-1"})).out, ContainsRegex("Kernel TCP: +idle 30s"));
}

TEST_F(CliTlsTest, AnotherNameNoRootAndPlaintextAreRefused) {
  Serve({});
  const std::string ca = "--tls-ca=" + certificate_.cert_file();
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{ca, "--tls-server-name=another.test"}, {"--tls"}, {}}) {
    std::vector<std::string> args = {"list", "--timeout=2s"};
    args.insert(args.end(), flags.begin(), flags.end());
    const CliResult list = Run(args);
    EXPECT_EQ(list.code, kUnreachable) << list.out << list.err;
    EXPECT_NE(list.err, "");
  }
}

TEST_F(CliTlsTest, MutualTlsAsksForTheClientsCertificate) {
  Serve({"--tls-ca=" + certificate_.cert_file(), "--tls-require-client-cert"});
  const CliResult without = Run(Trusting({"list", "--timeout=2s"}));
  EXPECT_EQ(without.code, kUnreachable);
  EXPECT_THAT(without.err, HasSubstr("does it ask for a certificate of yours? (--tls-cert, --tls-key)"));
  const Certificate stranger;
  ASSERT_EQ(stranger.failure(), "");
  const CliResult wrong = Run(Trusting(
      {"list", "--timeout=2s", "--tls-cert=" + stranger.cert_file(), "--tls-key=" + stranger.key_file()}));
  EXPECT_EQ(wrong.code, kUnreachable);
  EXPECT_THAT(wrong.err, HasSubstr("does it trust your certificate?"));
  const auto beat = Start(Trusting({"beat", "--id=web-1"}));
  EXPECT_TRUE(beat->Says("does it ask for a certificate of yours?")) << beat->Out();
  const CliResult list = Run(Certified(Trusting({"list"})));
  EXPECT_EQ(list.code, 0) << list.err;
}

}  // namespace
}  // namespace liveness::testing
