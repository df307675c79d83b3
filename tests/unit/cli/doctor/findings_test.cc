// From facts to what is said of them.
#include "client/cli/doctor/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "client/cli/doctor/report.h"
#include "client/cli/print/proto_text.h"
#include "common/status.h"

namespace liveness::cli::doctor {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = PortSpeech::Kind;
using Outcome = ConnectFacts::Outcome;

// A server that is well, reached over a good path.
Facts Healthy() {
  Facts facts;
  facts.target = "db-1:7700";
  facts.timeout = seconds(5);
  facts.now = common::WallTime(hours(24 * 365 * 50));
  facts.name = {.addresses = {"10.0.0.5:7700"}, .took = milliseconds(2)};
  facts.connects = {{"10.0.0.5:7700", Outcome::kConnected, milliseconds(1), ""}};
  facts.speech = PortSpeech{Kind::kHttp2, ""};
  facts.server_status = absl::OkStatus();
  facts.server.set_version("0.1.0");
  facts.server.set_server_id("db-1");
  facts.server.set_ready(true);
  facts.socket = {"10.0.0.7:4000", common::TcpKeepalive{.user_timeout = milliseconds(39'000)},
                  "10.0.0.7:4000"};
  HeartbeatFacts& heartbeat = facts.heartbeat.emplace();
  heartbeat.client_id = "doctor-1";
  v1::Keepalive& keepalive = *heartbeat.welcome.emplace().mutable_keepalive();
  keepalive.set_tcp_enabled(true);
  *keepalive.mutable_tcp_idle() = ToProto(seconds(30));
  heartbeat.path = {.sent = 100, .answered = 100, .p50 = milliseconds(1), .p99 = milliseconds(2)};
  heartbeat.path.tcp = TcpFigures{.sent_segments = 300, .resent_segments = 0};
  heartbeat.has_left = true;
  return facts;
}

// "PROBLEM connect: ... / advice", one a line.
std::string Text(const Facts& facts) {
  std::string text;
  for (const Finding& each : FindingsOf(facts)) {
    const char* level = each.level == Level::kOk        ? "ok"
                        : each.level == Level::kWarning ? "WARNING"
                                                        : "PROBLEM";
    text += std::string(level) + " " + each.check + ": " + each.seen + " / " + each.advice + "\n";
  }
  return text;
}

ExitCode Code(const Facts& facts) { return ExitCodeOf(facts, FindingsOf(facts)); }

// What is seen of a server that is not reached ends before its heartbeats.
Facts Unreached() {
  Facts facts = Healthy();
  facts.server_status.reset();
  facts.heartbeat.reset();
  facts.socket = {};
  return facts;
}

TEST(DoctorFindings, OfAHealthyServerAreAllWell) {
  const std::string text = Text(Healthy());
  EXPECT_THAT(text, AllOf(Not(HasSubstr("WARNING")), Not(HasSubstr("PROBLEM"))));
  EXPECT_THAT(text, HasSubstr("ok between: nothing: we are 10.0.0.7:4000 at both ends"));
  EXPECT_THAT(text,
              HasSubstr("idle 30s, interval 3s, count 3, user timeout 39s; HTTP/2 time 30s, timeout 10s"));
  EXPECT_EQ(Code(Healthy()), ExitCode::kOk);
}

TEST(DoctorFindings, TellRefusedFromSilentFromUnreachable) {
  Facts facts = Unreached();
  facts.connects = {{"10.0.0.5:7700", Outcome::kRefused, {}, "Connection refused"}};
  EXPECT_THAT(Text(facts),
              HasSubstr("PROBLEM connect: 10.0.0.5:7700: Connection refused / The host is there, and "
                        "nothing listens"));
  EXPECT_EQ(Code(facts), ExitCode::kUnavailable);
  facts.connects[0] = {"10.0.0.5:7700", Outcome::kTimedOut, {}, "Connection timed out"};
  EXPECT_THAT(Text(facts), HasSubstr("gave no answer within 5s / A firewall"));
  facts.connects[0] = {"10.0.0.5:7700", Outcome::kUnreachable, {}, "No route to host"};
  EXPECT_THAT(Text(facts), HasSubstr("No route to host / No route leads there"));
  EXPECT_EQ(Code(facts), ExitCode::kUnavailable);
}

TEST(DoctorFindings, OneDeadAddressOfSeveralIsAWarning) {
  Facts facts = Healthy();
  facts.connects.push_back({"10.0.0.6:7700", Outcome::kRefused, {}, "Connection refused"});
  EXPECT_THAT(Text(facts), HasSubstr("WARNING connect: 10.0.0.6:7700"));
  EXPECT_EQ(Code(facts), ExitCode::kOk);
}

TEST(DoctorFindings, ANameWithoutAddressIsUnreachable) {
  Facts facts = Unreached();
  facts.name = {.failure = "Name or service not known"};
  facts.connects.clear();
  EXPECT_THAT(Text(facts), HasSubstr("PROBLEM name: no address for db-1:7700: Name or service not known"));
  EXPECT_EQ(Code(facts), ExitCode::kUnavailable);
}

TEST(DoctorFindings, SayWhatAPortSpeaks) {
  Facts facts = Unreached();
  facts.speech = PortSpeech{Kind::kHttp1, "HTTP/1.1 400 Bad Request"};
  EXPECT_THAT(Text(facts),
              HasSubstr("it speaks HTTP/1 and no HTTP/2: HTTP/1.1 400 Bad Request / Another program"));
  facts.speech = PortSpeech{Kind::kOther, "SSH-2.0-OpenSSH_9.2"};
  EXPECT_THAT(Text(facts), HasSubstr("it speaks no HTTP/2, but says: SSH-2.0-OpenSSH_9.2"));
  facts.speech = PortSpeech{Kind::kSilent, ""};
  EXPECT_THAT(Text(facts), HasSubstr("takes the connection and says nothing / It is stopped"));
  facts.speech = PortSpeech{Kind::kClosed, ""};
  facts.tls = TlsFacts{.is_done = true, .version = "TLSv1.3", .leaf = {.names = {"DNS:db-1"}}};
  EXPECT_THAT(Text(facts), HasSubstr("it expects TLS; its certificate is for DNS:db-1 / Connect by TLS: "
                                     "--tls-ca=FILE, the authority that signed its certificate, or --tls "));
  EXPECT_THAT(Text(facts), Not(HasSubstr("--tls-cert")));
  facts.tls->asks_for_cert = true;
  EXPECT_THAT(Text(facts), HasSubstr("It asks for a certificate of ours too: --tls-cert=FILE and --tls-key"));
  EXPECT_EQ(Code(facts), ExitCode::kError);
}

// It answered plain text with an alert, and our own try to shake hands came to nothing.
TEST(DoctorFindings, PlainTextToATlsPortWhoseHandshakeFails) {
  Facts facts = Unreached();
  facts.speech = PortSpeech{Kind::kTls, ""};
  EXPECT_THAT(Text(facts), HasSubstr("PROBLEM protocol: it expects TLS / Connect by TLS: --tls-ca=FILE"));
  facts.tls = TlsFacts{.failure = "no answer in time"};
  EXPECT_THAT(Text(facts), HasSubstr("PROBLEM protocol: it expects TLS, and a handshake fails: no answer in "
                                     "time / Connect by TLS: --tls-ca=FILE"));
}

TEST(DoctorFindings, SayWhatIsWrongWithACertificate) {
  Facts facts = Unreached();
  facts.tls_settings = {.enabled = true, .ca_file = "ca.pem"};
  TlsFacts good{.is_done = true, .version = "TLSv1.3", .has_http2 = true, .expected_name = "db-1"};
  good.leaf = {.names = {"DNS:db-2"}, .not_after = facts.now + hours(24 * 90), .issuer = "CN=ours"};
  facts.tls = good;
  EXPECT_THAT(Text(facts), HasSubstr("ok certificate: DNS:db-2, by CN=ours, until "));
  facts.tls->is_untrusted = true;
  EXPECT_THAT(Text(facts),
              HasSubstr("no root that we trust has signed it; CN=ours has / ca.pem holds another"));
  facts.tls = good;
  facts.tls->is_another_name = true;
  EXPECT_THAT(Text(facts), HasSubstr("it is for DNS:db-2, and not for db-1 / "));
  facts.tls = good;
  facts.tls->is_out_of_time = true;
  facts.tls->leaf.not_after = facts.now - hours(72);
  EXPECT_THAT(Text(facts), HasSubstr("it has expired: "));
  facts.tls->leaf.not_before = facts.now + hours(1);
  EXPECT_THAT(Text(facts), HasSubstr("it is valid only from "));
  facts.tls = good;
  facts.tls->refuses_our_cert = true;
  facts.tls->failure = "tlsv13 alert certificate required";
  EXPECT_THAT(Text(facts), HasSubstr("it asks for a certificate of ours, and we have none"));
  facts.tls_settings.cert_file = "me.pem";
  EXPECT_THAT(Text(facts), HasSubstr("it refuses our certificate me.pem"));
  EXPECT_EQ(Code(facts), ExitCode::kError);
  facts.tls = good;
  facts.tls->leaf.not_after = facts.now + hours(24 * 3);
  EXPECT_THAT(Text(facts), HasSubstr("WARNING certificate"));
  EXPECT_EQ(Code(facts), ExitCode::kOk);
}

TEST(DoctorFindings, TlsToAPlaintextPort) {
  Facts facts = Unreached();
  facts.tls_settings.enabled = true;
  facts.tls = TlsFacts{.failure = "wrong version number"};
  EXPECT_THAT(Text(facts),
              HasSubstr("PROBLEM tls: no TLS there: it speaks HTTP/2 in plain text / Connect in plain text: "
                        "without any --tls flag, and without LIVENESS_TLS_CA"));
  EXPECT_THAT(Text(facts), HasSubstr("Or have livenessd serve TLS: --tls-cert=FILE and --tls-key=FILE."));
  // One that hangs up on what is not plain text, or that says no more than an alert.
  for (const Kind kind : {Kind::kClosed, Kind::kTls}) {
    facts.speech = PortSpeech{kind, ""};
    EXPECT_THAT(Text(facts),
                HasSubstr("PROBLEM tls: the handshake failed: wrong version number / Either it does "
                          "not speak TLS, or not as we do"));
  }
}

TEST(DoctorFindings, AProxyThatRefuses) {
  Facts facts = Unreached();
  facts.speech.reset();
  facts.proxy = {.variable = "http_proxy", .address = "p:3128", .is_used = true};
  facts.proxy.answer = "HTTP/1.1 407 Proxy Authentication Required";
  facts.proxy.has_refused = true;
  EXPECT_THAT(Text(facts),
              HasSubstr("PROBLEM proxy: the proxy p:3128 ($http_proxy) opens no way to db-1:7700: "
                        "HTTP/1.1 407 Proxy Authentication Required / It wants to know who asks"));
  EXPECT_EQ(Code(facts), ExitCode::kUnavailable);
  facts.proxy.answer = "HTTP/1.1 503 Service Unavailable";
  EXPECT_THAT(Text(facts), HasSubstr("The proxy itself does not reach db-1:7700"));
  facts = Healthy();
  facts.proxy = {.variable = "http_proxy", .address = "p:3128"};
  EXPECT_THAT(Text(facts), HasSubstr("ok proxy: gone past: $http_proxy names p:3128 / Only --http-proxy"));
}

TEST(DoctorFindings, SomebodyBetween) {
  Facts facts = Healthy();
  facts.socket.peer_as_told = "192.0.2.1:9";
  EXPECT_THAT(Text(facts),
              HasSubstr("WARNING between: a proxy or a NAT: we are 10.0.0.7:4000, and the server sees "
                        "192.0.2.1:9 / A proxy ends TCP"));
  facts.proxy = {.variable = "http_proxy", .address = "p:3128", .is_used = true, .answer = "HTTP/1.1 200 OK"};
  EXPECT_THAT(Text(facts), HasSubstr("ok between"));
}

TEST(DoctorFindings, AServerThatIsNone) {
  Facts facts = Healthy();
  facts.heartbeat.reset();
  facts.server_status = absl::UnimplementedError("Received http2 header with status: 404");
  EXPECT_THAT(Text(facts), HasSubstr("PROBLEM server: HTTP/2, but no gRPC: "));
  facts.server_status = absl::UnimplementedError("");
  EXPECT_THAT(Text(facts), HasSubstr("it speaks gRPC, and is no livenessd"));
  facts.server_status = absl::DeadlineExceededError("Deadline Exceeded");
  EXPECT_THAT(Text(facts), HasSubstr("it takes calls and answers none within 5s"));
  EXPECT_EQ(Code(facts), ExitCode::kError);
}

TEST(DoctorFindings, AServerThatIsNotReady) {
  Facts facts = Healthy();
  facts.server.set_ready(false);
  v1::NotReady& reason = *facts.server.add_not_ready();
  reason.set_reason("STORE_UNAVAILABLE");
  reason.set_message("no space left");
  EXPECT_THAT(Text(facts), HasSubstr("not ready: STORE_UNAVAILABLE: no space left"));
}

TEST(DoctorFindings, ARefusedIdIsToldPolitely) {
  Facts facts = Healthy();
  facts.heartbeat->welcome.reset();
  facts.heartbeat->path = {};
  facts.heartbeat->refusal =
      common::Error(absl::StatusCode::kPermissionDenied, "PRINCIPAL_MISMATCH", "not yours");
  EXPECT_THAT(Text(facts), HasSubstr("PROBLEM hello: a client doctor-1 is not welcomed: not yours "
                                     "(PRINCIPAL_MISMATCH) / Another identity"));
}

TEST(DoctorFindings, LossPausesAndClocks) {
  Facts facts = Healthy();
  facts.heartbeat->path.answered = 97;
  facts.heartbeat->path.tcp->resent_segments = 9;
  facts.heartbeat->path.own_lateness = milliseconds(300);
  facts.heartbeat->clock_offset = seconds(-3);
  const std::string text = Text(facts);
  EXPECT_THAT(text, HasSubstr("WARNING loss: 3 of 100 pings had no pong in time"));
  EXPECT_THAT(text, HasSubstr("WARNING loss: 9 of 300 TCP segments sent again (3.0 %)"));
  facts.heartbeat->path.answered = 49;
  EXPECT_THAT(Text(facts), HasSubstr("PROBLEM loss: 51 of 100 pings had no pong in time"));
  facts.heartbeat->path.answered = 97;
  EXPECT_THAT(text, HasSubstr("WARNING this host: it did not let us run for 300ms"));
  EXPECT_THAT(text, HasSubstr("WARNING clock: the server's clock is 3s behind ours"));
  EXPECT_EQ(Code(facts), ExitCode::kOk);
}

TEST(DoctorFindings, KeepaliveThatIsOffOrSlow) {
  Facts facts = Healthy();
  facts.heartbeat->welcome->mutable_keepalive()->set_tcp_enabled(false);
  EXPECT_THAT(Text(facts), HasSubstr("WARNING keepalive: the server's end: kernel TCP off"));
  facts = Healthy();
  *facts.heartbeat->welcome->mutable_keepalive()->mutable_tcp_idle() = ToProto(hours(2));
  EXPECT_THAT(Text(facts), HasSubstr("WARNING keepalive: the server's end: kernel TCP idle 2h"));
}

TEST(DoctorFindings, TheSafeTimeoutAndWhy) {
  Facts facts = Healthy();
  facts.quality = QualityFacts{.recurrence = hours(720), .refusal = "a mistake every 2h is the best"};
  EXPECT_THAT(Text(facts),
              HasSubstr("PROBLEM timeout: none keeps mistakes down to one in 30d on this path / Why no "
                        "shorter: a mistake every 2h is the best. "));
  v1::Welcome& granted = facts.quality->granted.emplace();
  *granted.mutable_interval() = ToProto(milliseconds(200));
  *granted.mutable_timeout() = ToProto(milliseconds(940));
  *granted.mutable_quality()->mutable_found_within() = ToProto(seconds(1));
  *granted.mutable_quality()->mutable_mistake_recurrence() = ToProto(hours(24 * 40));
  EXPECT_THAT(Text(facts),
              HasSubstr("ok timeout: 940ms with an interval of 200ms: silence is found within 1s, a "
                        "mistake is made once in 40d at most (30d was asked for) / Why no shorter: a "
                        "mistake every 2h is the best. "));
}

TEST(DoctorReport, ReadsAsATableAndAsJson) {
  Facts facts = Unreached();
  facts.connects = {{"10.0.0.5:7700", Outcome::kRefused, {}, "Connection refused"}};
  const std::vector<Finding> findings = FindingsOf(facts);
  const std::string text = ReportText(facts, findings, false);
  EXPECT_THAT(text, HasSubstr("PROBLEM   connect      10.0.0.5:7700: Connection refused\n"
                              "                       The host is there, and nothing listens on that port:"));
  EXPECT_THAT(text, HasSubstr("\ndb-1:7700: 1 problem, no warning\n"));
  const std::string json = ReportJson(facts, findings);
  EXPECT_THAT(json, HasSubstr(R"("result": "unreachable")"));
  EXPECT_THAT(
      json,
      HasSubstr(R"({"level": "problem", "check": "connect", "seen": "10.0.0.5:7700: Connection refused")"));
  EXPECT_THAT(ReportJson(Healthy(), FindingsOf(Healthy())),
              HasSubstr(R"("pings": 100, "pongs": 100, "rtt_min_ms": 0.000)"));
}

TEST(DoctorReport, LinesAreNotLongerThanATerminal) {
  const std::string text = ReportText(Healthy(), FindingsOf(Healthy()), false);
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end - begin, 100U) << text.substr(begin, end - begin);
  }
}

}  // namespace
}  // namespace liveness::cli::doctor
