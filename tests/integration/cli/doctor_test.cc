// `livenessctl doctor` against servers that are well, and against what else may be on a port.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "tests/integration/cli/cli_process.h"
#include "tests/integration/cli/connect_proxy.h"
#include "tests/support/authority.h"
#include "tests/support/dead_addresses.h"
#include "tests/support/foreign_responder.h"
#include "tests/support/tcp_forwarder.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kWell = 0, kSick = 1, kUsage = 2, kUnreachable = 4;
// Each step may take --timeout; on a busy machine a bit more.
constexpr auto kBound = seconds(25);

// What it printed has each finding in one line, however long.
CliResult Doctor(std::vector<std::string> args) {
  args.insert(args.begin(), "doctor");
  CliProcess doctor(args);
  const int code = doctor.Wait();
  return {code, std::regex_replace(doctor.Out(), std::regex("\n {23}"), " "), doctor.Err()};
}

class DoctorTest : public CliTest {
 protected:
  void SetUp() override {
    server_ = ServerProcess::Start();
    ASSERT_NE(server_, nullptr);
  }
};

TEST_F(DoctorTest, AServerThatIsWell) {
  const CliResult result = Doctor({server_->address(), "--for=1s", "--id=probe"});
  EXPECT_EQ(result.code, kWell) << result.out << result.err;
  EXPECT_THAT(result.out, ContainsRegex("ok +connect +127.0.0.1:[0-9]+ in "));
  EXPECT_THAT(result.out, ContainsRegex("ok +between +nothing: we are 127.0.0.1:[0-9]+ at both ends"));
  EXPECT_THAT(result.out, ContainsRegex("our end: kernel TCP idle 30s, interval 3s, count 3"));
  EXPECT_THAT(result.out, ContainsRegex("the server's end: kernel TCP idle 30s, interval 3s, count 3"));
  EXPECT_THAT(result.out, ContainsRegex("ok +round trip +p50 "));
  EXPECT_THAT(result.out, ContainsRegex("ok +timeout +[0-9.ms]+ with an interval of "));
  EXPECT_THAT(result.out, HasSubstr(server_->address() + ": no problem"));
  // What it leaves alarms nobody.
  const CliResult left = Run({"get", "probe", "-o", "json"});
  EXPECT_THAT(left.out, AllOf(HasSubstr("STATE_LEFT"), HasSubstr("\"liveness.doctor\": \"true\"")));
  EXPECT_THAT(Run({"transitions", "probe"}).out, AllOf(Not(HasSubstr("SUSPECT")), Not(HasSubstr("DEAD"))));
}

TEST_F(DoctorTest, TheServerMeasuresThePathItself) {
  // 1 % is what it assumes of an unknown path; each ping that came makes that less.
  const CliResult result = Doctor({server_->address(), "--for=2s", "--mistake-recurrence=8760h"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("the path"), Not(HasSubstr("loses 1.0 %")))) << result.err;
}

TEST_F(DoctorTest, AMistakeRateThatCannotBeHadIsAProblem) {
  const auto slow = ServerProcess::Start({"--min-interval=10m"});
  ASSERT_NE(slow, nullptr);
  const CliResult result = Doctor({slow->address(), "--for=500ms"});
  EXPECT_THAT(result.out, ContainsRegex("PROBLEM +timeout +none keeps")) << result.err;
  EXPECT_EQ(result.code, kSick);
}

TEST_F(DoctorTest, JsonHasFiguresThatAreNumbers) {
  const CliResult result = Doctor({server_->address(), "--for=500ms", "-o", "json"});
  EXPECT_EQ(result.code, kWell);
  EXPECT_THAT(result.out, ContainsRegex("\"rtt_p99_ms\": [0-9]+\\.[0-9]+, "));
  EXPECT_THAT(result.out, ContainsRegex("\"result\": \"(ok|warning)\""));
}

TEST_F(DoctorTest, NothingListens) {
  const CliResult result = Doctor({"127.0.0.1:1"});
  EXPECT_EQ(result.code, kUnreachable);
  EXPECT_THAT(result.out, ContainsRegex("PROBLEM +connect +127.0.0.1:1: Connection refused"));
}

TEST_F(DoctorTest, NothingAnswers) {
  const DeadAddresses dead(1);
  const auto begun = steady_clock::now();
  const CliResult result = Doctor({dead.text(), "--timeout=1s"});
  EXPECT_LT(steady_clock::now() - begun, kBound);
  EXPECT_EQ(result.code, kUnreachable);
  EXPECT_THAT(result.out, HasSubstr("gave no answer within 1s"));
}

TEST_F(DoctorTest, ANameThatIsNone) {
  const CliResult result = Doctor({"no-such-host.invalid:7700", "--timeout=2s"});
  EXPECT_EQ(result.code, kUnreachable);
  EXPECT_THAT(result.out, ContainsRegex("PROBLEM +name +no address for no-such-host.invalid:7700: "));
}

TEST_F(DoctorTest, APortThatSpeaksNoGrpcIsToldForWhatItIs) {
  const ForeignResponder web(0, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  const CliResult http = Doctor({web.address()});
  EXPECT_EQ(http.code, kSick);
  EXPECT_THAT(http.out, HasSubstr("it speaks HTTP/1 and no HTTP/2: HTTP/1.1 400 Bad Request"));
  const ForeignResponder shell(0, "SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_THAT(Doctor({shell.address()}).out, HasSubstr("it speaks no HTTP/2, but says: SSH-2.0-OpenSSH_9.2"));
  EXPECT_THAT(Doctor({shell.address(), "--tls"}).out,
              HasSubstr("no TLS there: it speaks no HTTP/2, but says: SSH"));
  const ForeignResponder http2(0, Http2Peer::Headers{{":status", "404"}});
  const CliResult other = Doctor({http2.address()});
  EXPECT_EQ(other.code, kSick);
  EXPECT_THAT(other.out, ContainsRegex("PROBLEM +server +HTTP/2, but no gRPC: .*404"));
}

TEST_F(DoctorTest, ASilentServerIsToldInTime) {
  server_->Pause();
  const auto begun = steady_clock::now();
  const CliResult result = Doctor({server_->address(), "--timeout=1s"});
  EXPECT_LT(steady_clock::now() - begun, kBound);
  server_->Continue();
  EXPECT_EQ(result.code, kSick);
  EXPECT_THAT(result.out, ContainsRegex("PROBLEM +protocol +it takes the connection and says nothing"));
}

TEST_F(DoctorTest, ADrainingServer) {
  ASSERT_EQ(Run({"server", "drain", "--within=1s"}).code, 0);
  const CliResult result = Doctor({server_->address(), "--for=500ms"});
  EXPECT_EQ(result.code, kSick);
  EXPECT_THAT(result.out, ContainsRegex("PROBLEM +server .*not ready: DRAINING"));
  EXPECT_THAT(result.out, ContainsRegex("PROBLEM +hello .*is not welcomed: .*DRAINING"));
}

TEST_F(DoctorTest, ATcpProxyBetween) {
  const TcpForwarder forwarder(server_->address());
  const CliResult result = Doctor({forwarder.address(), "--for=500ms"});
  EXPECT_EQ(result.code, kWell) << result.out;
  EXPECT_THAT(result.out,
              ContainsRegex("WARNING +between +a proxy: we are 127.0.0.1:[0-9]+, and the server sees"));
}

// With a proxy in the environment of what is started meanwhile.
class ProxyVariable {
 public:
  explicit ProxyVariable(const std::string& address) {
    setenv("http_proxy", ("http://me:secret@" + address).c_str(), 1);
  }
  ~ProxyVariable() { unsetenv("http_proxy"); }
};

TEST_F(DoctorTest, AnHttpProxy) {
  const ConnectProxy proxy;
  const ProxyVariable variable(proxy.address());
  const CliResult past = Doctor({server_->address(), "--for=500ms"});
  EXPECT_THAT(past.out, HasSubstr("gone past: $http_proxy names " + proxy.address()));
  EXPECT_EQ(proxy.connects(), 0);
  const CliResult through = Doctor({server_->address(), "--for=500ms", "--http-proxy"});
  EXPECT_EQ(through.code, kWell) << through.out;
  EXPECT_THAT(through.out, HasSubstr("through " + proxy.address() + " ($http_proxy): HTTP/1.1 200"));
  EXPECT_THAT(through.out, ContainsRegex("ok +between +a proxy"));
  EXPECT_GT(proxy.connects(), 0);
  EXPECT_THAT(past.out + through.out, Not(HasSubstr("secret")));
}

TEST_F(DoctorTest, AnHttpProxyThatRefuses) {
  const ForeignResponder proxy(0, "HTTP/1.1 403 Forbidden\r\n\r\n");
  const ProxyVariable variable(proxy.address());
  const CliResult result = Doctor({server_->address(), "--http-proxy"});
  EXPECT_EQ(result.code, kUnreachable);
  EXPECT_THAT(result.out, HasSubstr("opens no way to " + server_->address() + ": HTTP/1.1 403 Forbidden"));
}

TEST_F(DoctorTest, AUnixSocket) {
  const TempDir directory;
  const std::string target = "unix:" + directory.file("s");
  EXPECT_EQ(Doctor({target}).code, kUnreachable);
  const auto server = ServerProcess::Start({"--listen=127.0.0.1:0," + target});
  ASSERT_NE(server, nullptr);
  const CliResult result = Doctor({target, "--for=500ms"});
  EXPECT_EQ(result.code, kWell) << result.out << result.err;
}

TEST_F(DoctorTest, AStopIsNotKeptWaitingAndSaysGoodbye) {
  CliProcess doctor({"doctor", server_->address(), "--for=1h", "--id=probe"});
  ASSERT_TRUE(Becomes("probe", "STATE_ALIVE"));
  doctor.Signal(SIGINT);
  EXPECT_EQ(doctor.Wait(), kWell) << doctor.Err();
  EXPECT_THAT(doctor.Out(), HasSubstr("it was stopped before it had seen all"));
  EXPECT_TRUE(Becomes("probe", "STATE_LEFT"));
}

TEST_F(DoctorTest, AServerThatDiesMeanwhile) {
  CliProcess doctor({"doctor", server_->address(), "--for=1h", "--id=probe", "--timeout=2s"});
  ASSERT_TRUE(Becomes("probe", "STATE_ALIVE"));
  server_->Signal(SIGKILL);
  EXPECT_EQ(doctor.Wait(), kSick) << doctor.Err();
  EXPECT_THAT(doctor.Out(), ContainsRegex("PROBLEM +hello +the heartbeats ended early: "));
}

TEST_F(DoctorTest, WrongArguments) {
  EXPECT_EQ(Doctor({"nonsense"}).code, kUsage);
  EXPECT_EQ(Doctor({server_->address(), "--for=0s"}).code, kUsage);
  EXPECT_EQ(Doctor({server_->address(), "another:1"}).code, kUsage);
  EXPECT_EQ(Doctor({server_->address(), "--tls-ca=/nonexistent"}).code, kUsage);
}

// --- TLS ---------------------------------------------------------------------

class DoctorTlsTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.file(name)) << text;
    return directory_.file(name);
  }
  // A server with a certificate by ours_ for liveness.test.
  std::unique_ptr<ServerProcess> Serve(const PemPair& pair, std::vector<std::string> more = {}) const {
    more.push_back("--tls-cert=" + File("server.pem", pair.cert));
    more.push_back("--tls-key=" + File("server.key", pair.key));
    return ServerProcess::Start(more);
  }
  std::string ca() const { return "--tls-ca=" + File("ca.pem", ours_.cert()); }

  const TempDir directory_;
  const Authority ours_{"ours"};
  const Authority theirs_{"theirs"};
  const std::string name_ = "--tls-server-name=liveness.test";
};

TEST_F(DoctorTlsTest, AGoodCertificateIsShown) {
  const auto server = Serve(ours_.Issue("liveness.test"));
  ASSERT_NE(server, nullptr);
  const CliResult result = Doctor({server->address(), ca(), name_, "--for=500ms"});
  EXPECT_EQ(result.code, kWell) << result.out << result.err;
  EXPECT_THAT(result.out, ContainsRegex("ok +tls +TLSv1.3, HTTP/2"));
  EXPECT_THAT(result.out,
              ContainsRegex("ok +certificate +DNS:liveness.test, IP:127.0.0.1, by CN=ours, until "));
}

TEST_F(DoctorTlsTest, EachMismatchIsToldForWhatItIs) {
  const auto server = Serve(ours_.Issue("liveness.test"));
  ASSERT_NE(server, nullptr);
  const CliResult wrong_ca =
      Doctor({server->address(), "--tls-ca=" + File("other.pem", theirs_.cert()), name_});
  EXPECT_EQ(wrong_ca.code, kSick);
  EXPECT_THAT(wrong_ca.out,
              ContainsRegex("PROBLEM +certificate +no root that we trust has signed it; CN=ours has"));
  const CliResult wrong_name = Doctor({server->address(), ca(), "--tls-server-name=other.test"});
  EXPECT_THAT(wrong_name.out, HasSubstr("it is for DNS:liveness.test, IP:127.0.0.1, and not for other.test"));
  const CliResult plain = Doctor({server->address()});
  EXPECT_EQ(plain.code, kSick);
  EXPECT_THAT(plain.out, HasSubstr("it expects TLS; its certificate is for DNS:liveness.test"));
  EXPECT_THAT(plain.out, HasSubstr("Connect by TLS: --tls-ca=FILE"));
  const auto plaintext_server = ServerProcess::Start();
  const CliResult tls = Doctor({plaintext_server->address(), ca(), name_});
  EXPECT_EQ(tls.code, kSick);
  EXPECT_THAT(tls.out, HasSubstr("no TLS there: it speaks HTTP/2 in plain text"));
  EXPECT_THAT(tls.out, HasSubstr("Connect in plain text: without any --tls flag"));
}

TEST_F(DoctorTlsTest, AnExpiredCertificate) {
  using Hours = Authority::Hours;
  const auto server = Serve(ours_.Issue("liveness.test", "serverAuth", Hours(-72), Hours(-24)));
  if (server == nullptr) GTEST_SKIP() << "livenessd does not start with it";
  const CliResult result = Doctor({server->address(), ca(), name_});
  EXPECT_EQ(result.code, kSick);
  EXPECT_THAT(result.out, ContainsRegex("PROBLEM +certificate +it has expired: .* 1d ago"));
}

TEST_F(DoctorTlsTest, ACertificateOfOursIsAskedFor) {
  const auto server = Serve(ours_.Issue("liveness.test"), {ca(), "--tls-require-client-cert"});
  ASSERT_NE(server, nullptr);
  const CliResult none = Doctor({server->address(), ca(), name_});
  EXPECT_EQ(none.code, kSick);
  EXPECT_THAT(none.out, HasSubstr("it asks for a certificate of ours, and we have none: "));
  const PemPair foreign = theirs_.Issue("me");
  const CliResult wrong =
      Doctor({server->address(), ca(), name_, "--tls-cert=" + File("me.pem", foreign.cert),
              "--tls-key=" + File("me.key", foreign.key)});
  EXPECT_EQ(wrong.code, kSick);
  EXPECT_THAT(wrong.out, HasSubstr("it refuses our certificate "));
  const PemPair own = ours_.Issue("me");
  const CliResult right = Doctor({server->address(), ca(), name_, "--tls-cert=" + File("own.pem", own.cert),
                                  "--tls-key=" + File("own.key", own.key), "--for=500ms"});
  EXPECT_EQ(right.code, kWell) << right.out;
}

TEST_F(DoctorTlsTest, AnIdOfAnotherIdentityIsRefusedPolitely) {
  const auto server = Serve(ours_.Issue("liveness.test"), {ca(), "--tls-require-client-cert"});
  ASSERT_NE(server, nullptr);
  const auto as = [&](const std::string& who) -> std::vector<std::string> {
    const PemPair pair = ours_.Issue(who);
    return {ca(), name_, "--tls-cert=" + File(who + ".pem", pair.cert),
            "--tls-key=" + File(who + ".key", pair.key)};
  };
  std::vector<std::string> beat = as("owner");
  beat.insert(beat.end(), {"--server=" + server->address(), "beat", "--id=web-1"});
  const CliProcess owner(beat);
  ASSERT_TRUE(owner.Says("LIVE")) << owner.Err();
  std::vector<std::string> args = as("stranger");
  args.insert(args.end(), {server->address(), "--id=web-1", "--for=500ms"});
  const CliResult result = Doctor(args);
  EXPECT_EQ(result.code, kSick);
  EXPECT_THAT(result.out, ContainsRegex("PROBLEM +hello +a client web-1 is not welcomed: .*"));
  EXPECT_THAT(result.out, HasSubstr("(PRINCIPAL_MISMATCH)"));
}

}  // namespace
}  // namespace liveness::testing
