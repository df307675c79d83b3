// How the server is reached and what it is.
#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/doctor/findings.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/saturating.h"
#include "common/status.h"

namespace liveness::cli::doctor {
namespace {

using Kind = PortSpeech::Kind;
using Outcome = ConnectFacts::Outcome;
using std::chrono::hours;
using std::chrono::seconds;

constexpr common::Duration kSlowName = seconds(1);
// Time to renew a certificate.
constexpr common::Duration kSoon = hours(24 * 14);

std::string Text(common::Duration span) { return common::FormatForPeople(span); }

void AddName(const Facts& facts, std::vector<Finding>& findings) {
  const NameFacts& name = facts.name;
  const std::string& asked = facts.proxy.is_used ? facts.proxy.address : facts.target;
  if (!name.failure.empty()) {
    findings.push_back({Level::kProblem, "name", absl::StrCat("no address for ", asked, ": ", name.failure),
                        "Look for a typing error, and ask the resolver: getent hosts NAME."});
  } else if (!name.is_literal && !name.addresses.empty()) {
    const bool slow = name.took >= kSlowName;
    findings.push_back({slow ? Level::kWarning : Level::kOk, "name",
                        absl::StrCat(asked, " is ", absl::StrJoin(name.addresses, ", "),
                                     ", as the resolver said in ", Text(name.took)),
                        slow ? "Each new connection waits for that: look at /etc/resolv.conf." : ""});
  }
}

std::string ProxyAdvice(const ProxyFacts& proxy, const std::string& target) {
  if (proxy.answer.find(" 407") != std::string::npos) {
    return absl::StrCat("It wants to know who asks: ", proxy.variable, "=http://USER:PASSWORD@",
                        proxy.address, ".");
  }
  if (proxy.answer.find(" 50") != std::string::npos) {
    return absl::StrCat("The proxy itself does not reach ", target, ".");
  }
  if (proxy.answer.empty()) return "Is it an HTTP proxy? Try without --http-proxy.";
  return absl::StrCat("Have it allow CONNECT to ", target, ", or put the host into $no_proxy.");
}

void AddProxy(const Facts& facts, std::vector<Finding>& findings) {
  const ProxyFacts& proxy = facts.proxy;
  if (proxy.variable.empty()) return;
  const std::string named = absl::StrCat("$", proxy.variable, " names ", Printable(proxy.address));
  if (!proxy.is_used) {
    findings.push_back({Level::kOk, "proxy", absl::StrCat("gone past: ", named),
                        proxy.is_exempt
                            ? "$no_proxy has this host."
                            : "Only --http-proxy, http_proxy in the library, would go through it."});
  } else if (proxy.has_refused) {
    const std::string said = proxy.answer.empty() ? "it says nothing that is HTTP" : proxy.answer;
    findings.push_back({Level::kProblem, "proxy",
                        absl::StrCat("the proxy ", Printable(proxy.address), " ($", proxy.variable,
                                     ") opens no way to ", facts.target, ": ", said),
                        ProxyAdvice(proxy, facts.target)});
  } else if (!proxy.answer.empty()) {
    findings.push_back(
        {Level::kOk, "proxy",
         absl::StrCat("through ", Printable(proxy.address), " ($", proxy.variable, "): ", proxy.answer), ""});
  }
}

std::string ConnectAdvice(const ConnectFacts& connect) {
  switch (connect.outcome) {
    case Outcome::kConnected: return "";
    case Outcome::kRefused:
      return "The host is there, and nothing listens on that port: is livenessd running, and is its --listen "
             "this address?";
    case Outcome::kTimedOut: return "A firewall on the way drops packets, or the host is off.";
    case Outcome::kUnreachable: return "No route leads there: look at the network of this host (ip route).";
    case Outcome::kFailed: return "";
  }
  return "";
}

void AddConnects(const Facts& facts, std::vector<Finding>& findings) {
  const Level failed = facts.IsConnected() ? Level::kWarning : Level::kProblem;
  const std::string who = facts.proxy.is_used ? "the proxy " : "";
  for (const ConnectFacts& each : facts.connects) {
    switch (each.outcome) {
      case Outcome::kConnected:
        findings.push_back(
            {Level::kOk, "connect", absl::StrCat(who, each.address, " in ", Text(each.took)), ""});
        break;
      case Outcome::kTimedOut:
        findings.push_back({failed, "connect",
                            absl::StrCat(who, each.address, " gave no answer within ", Text(facts.timeout)),
                            ConnectAdvice(each)});
        break;
      default:
        findings.push_back(
            {failed, "connect", absl::StrCat(who, each.address, ": ", each.failure), ConnectAdvice(each)});
    }
  }
}

std::string Names(const common::CertificateFacts& leaf) {
  return leaf.names.empty() ? leaf.subject : absl::StrJoin(leaf.names, ", ");
}

// What a port says that does not speak as it was expected to.
std::string SpeechText(const PortSpeech& speech) {
  switch (speech.kind) {
    case Kind::kHttp2: return "it speaks HTTP/2 in plain text";
    case Kind::kHttp1: return absl::StrCat("it speaks HTTP/1 and no HTTP/2: ", speech.text);
    case Kind::kTls: return "it speaks TLS";
    case Kind::kOther: return absl::StrCat("it speaks no HTTP/2, but says: ", speech.text);
    case Kind::kClosed: return "it takes the connection and closes it without a word";
    case Kind::kSilent: return "it takes the connection and says nothing";
  }
  return "";
}

constexpr char kAnotherProgram[] =
    "Another program has that port, or it is livenessd's for HTTP (7780): gRPC is on its --listen, 7700 by "
    "default.";
constexpr char kStopped[] = "It is stopped or overloaded, or it is no gRPC server.";
constexpr char kNoHandshake[] =
    "Either it does not speak TLS, or not as we do: 1.2 at least, and HTTP/2. Does livenessd have --tls-cert "
    "and "
    "--tls-key? Does a proxy before it end TLS, or want a certificate of ours (--tls-cert, --tls-key)?";
constexpr char kInPlainText[] =
    "Connect in plain text: without any --tls flag, and without LIVENESS_TLS_CA, _CERT, _KEY and "
    "_SERVER_NAME "
    "in the environment. Or have livenessd serve TLS: --tls-cert=FILE and --tls-key=FILE.";

// To connect by TLS, said to who came in plain text.
std::string ByTls(const TlsFacts& tls) {
  return absl::StrCat(
      "Connect by TLS: --tls-ca=FILE, the authority that signed its certificate, or --tls alone where the "
      "system's roots have.",
      tls.asks_for_cert ? " It asks for a certificate of ours too: --tls-cert=FILE and --tls-key=FILE." : "");
}

void AddFailedHandshake(const Facts& facts, std::vector<Finding>& findings) {
  const TlsFacts& tls = *facts.tls;
  if (facts.speech && facts.speech->kind == Kind::kHttp2) {
    findings.push_back({Level::kProblem, "tls", "no TLS there: " + SpeechText(*facts.speech), kInPlainText});
  } else if (facts.speech && (facts.speech->kind == Kind::kHttp1 || facts.speech->kind == Kind::kOther)) {
    findings.push_back(
        {Level::kProblem, "tls", "no TLS there: " + SpeechText(*facts.speech), kAnotherProgram});
  } else {
    const bool is_silent = facts.speech && facts.speech->kind == Kind::kSilent;
    findings.push_back({Level::kProblem, "tls", absl::StrCat("the handshake failed: ", tls.failure),
                        is_silent ? kStopped : kNoHandshake});
  }
}

void AddCertificateProblems(const Facts& facts, std::vector<Finding>& findings) {
  const TlsFacts& tls = *facts.tls;
  const auto add = [&](std::string seen, std::string advice) {
    findings.push_back({Level::kProblem, "certificate", std::move(seen), std::move(advice)});
  };
  if (tls.is_untrusted) {
    add(absl::StrCat("no root that we trust has signed it; ", tls.leaf.issuer, " has"),
        facts.tls_settings.ca_file.empty()
            ? "--tls-ca=FILE, with the authority's certificate."
            : absl::StrCat(facts.tls_settings.ca_file,
                           " holds another authority: is it the right file, and the "
                           "right server?"));
  }
  if (tls.is_another_name) {
    add(absl::StrCat("it is for ", Names(tls.leaf), ", and not for ", tls.expected_name),
        "Connect by one of its names, or say which is meant: --tls-server-name=NAME.");
  }
  if (tls.is_out_of_time) {
    const bool early = tls.leaf.not_before > facts.now;
    add(early ? absl::StrCat("it is valid only from ", TimeText(tls.leaf.not_before), " on")
              : absl::StrCat("it has expired: ", TimeText(tls.leaf.not_after), ", ",
                             Text(common::SaturatingSub(facts.now, tls.leaf.not_after)), " ago"),
        early ? "Is the clock of this host right?" : "Renew it; livenessd takes renewed files up by itself.");
  }
  if (!tls.other_complaint.empty()) add(tls.other_complaint, "");
  if (tls.refuses_our_cert) {
    const bool has_own = !facts.tls_settings.cert_file.empty();
    findings.push_back(
        {Level::kProblem, "tls",
         has_own
             ? absl::StrCat("it refuses our certificate ", facts.tls_settings.cert_file, ": ", tls.failure)
             : absl::StrCat("it asks for a certificate of ours, and we have none: ", tls.failure),
         has_own ? "The server's --tls-ca must have signed it, and it must not have expired."
                 : "--tls-cert=FILE and --tls-key=FILE, signed by the server's --tls-ca."});
  } else if (tls.is_done && !tls.has_http2) {
    findings.push_back({Level::kProblem, "tls",
                        absl::StrCat(tls.version, ", but no HTTP/2: it did not choose h2"), kAnotherProgram});
  } else if (tls.is_done && !tls.failure.empty()) {
    findings.push_back(
        {Level::kProblem, "tls", absl::StrCat(tls.version, ", and then nothing: ", tls.failure), kStopped});
  }
}

void AddTls(const Facts& facts, std::vector<Finding>& findings) {
  const TlsFacts& tls = *facts.tls;
  if (!tls.is_done && !tls.refuses_our_cert) return AddFailedHandshake(facts, findings);
  const std::size_t before = findings.size();
  AddCertificateProblems(facts, findings);
  if (findings.size() > before) return;
  findings.push_back({Level::kOk, "tls", absl::StrCat(tls.version, ", HTTP/2"), ""});
  const common::Duration left = common::SaturatingSub(tls.leaf.not_after, facts.now);
  findings.push_back({left < kSoon ? Level::kWarning : Level::kOk, "certificate",
                      absl::StrCat(Names(tls.leaf), ", by ", tls.leaf.issuer, ", until ",
                                   TimeText(tls.leaf.not_after), " (in ", common::FormatAge(left), ")"),
                      left < kSoon ? "Renew it; livenessd takes renewed files up by itself." : ""});
}

// REQUIRES: no TLS was asked for.
void AddProtocol(const Facts& facts, std::vector<Finding>& findings) {
  const PortSpeech& speech = *facts.speech;
  if (speech.kind == Kind::kHttp2) {
    findings.push_back({Level::kOk, "protocol", "HTTP/2 in plain text", ""});
  } else if (facts.tls && (facts.tls->is_done || facts.tls->refuses_our_cert)) {
    findings.push_back({Level::kProblem, "protocol",
                        absl::StrCat("it expects TLS; its certificate is for ", Names(facts.tls->leaf)),
                        ByTls(*facts.tls)});
  } else if (speech.kind == Kind::kTls) {
    findings.push_back({Level::kProblem, "protocol",
                        facts.tls
                            ? absl::StrCat("it expects TLS, and a handshake fails: ", facts.tls->failure)
                            : std::string("it expects TLS"),
                        ByTls(facts.tls.value_or(TlsFacts()))});
  } else {
    const bool says_nothing = speech.kind == Kind::kClosed || speech.kind == Kind::kSilent;
    findings.push_back(
        {Level::kProblem, "protocol", SpeechText(speech), says_nothing ? kStopped : kAnotherProgram});
  }
}

std::string ReasonsOf(const v1::ServerInfo& server) {
  std::string text;
  for (const v1::NotReady& each : server.not_ready()) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", each.reason(), ": ", each.message());
  }
  return text;
}

void AddServer(const Facts& facts, std::vector<Finding>& findings) {
  const absl::Status& status = *facts.server_status;
  const std::string message = Printable(std::string(status.message()));
  const auto add = [&](Level level, std::string seen, std::string advice) {
    findings.push_back({level, "server", std::move(seen), std::move(advice)});
  };
  if (status.ok()) {
    const v1::ServerInfo& server = facts.server;
    const std::string who =
        absl::StrCat("livenessd ", Printable(server.version()), ", ", Printable(server.server_id()));
    if (server.ready()) return add(Level::kOk, who + ", ready", "");
    return add(Level::kProblem, absl::StrCat(who, ", not ready: ", Printable(ReasonsOf(server))),
               server.draining()
                   ? "It takes no clients: give them another server, or livenessctl server undrain."
                   : "livenessctl server shows more.");
  }
  if (absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)) {
    return add(Level::kWarning, absl::StrCat("it tells us nothing about itself: ", message),
               "--tls-cert of somebody who may ask.");
  }
  if (absl::IsDeadlineExceeded(status)) {
    return add(Level::kProblem, absl::StrCat("it takes calls and answers none within ", Text(facts.timeout)),
               kStopped);
  }
  if (message.find("http2 header with status") != std::string::npos) {
    return add(Level::kProblem, absl::StrCat("HTTP/2, but no gRPC: ", message), kAnotherProgram);
  }
  if (absl::IsUnimplemented(status)) {
    return add(Level::kProblem, absl::StrCat("it speaks gRPC, and is no livenessd: ", message),
               kAnotherProgram);
  }
  add(Level::kProblem, absl::StrCat("a call fails: ", message), "");
}

}  // namespace

std::vector<Finding> ReachFindings(const Facts& facts) {
  std::vector<Finding> findings;
  AddName(facts, findings);
  AddConnects(facts, findings);
  AddProxy(facts, findings);
  if (facts.proxy.has_refused) return findings;
  if (facts.tls_settings.enabled && facts.tls) AddTls(facts, findings);
  if (!facts.tls_settings.enabled && facts.speech) AddProtocol(facts, findings);
  if (facts.server_status) AddServer(facts, findings);
  return findings;
}

}  // namespace liveness::cli::doctor
