#include "server/core/detection/verdict.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace liveness::core {
namespace {

using Kernel = Symptoms::Kernel;

// An acknowledgement may be held back this long by the peer's kernel (delayed
// acknowledgement, at most 200 ms), so a younger one proves nothing of later times.
constexpr Duration kAckSlack = std::chrono::milliseconds(250);

Kernel KernelOf(const LinkEvidence& link, Duration silence) {
  switch (link.tcp.absence) {
    case TcpAbsence::kProxy:
    case TcpAbsence::kUnsupported: return Kernel::kUnknown;
    case TcpAbsence::kClosed: return Kernel::kGone;
    case TcpAbsence::kPresent: break;
  }
  const TcpEvidence& tcp = link.tcp;
  const bool sent_again = tcp.unacked > 0 && (tcp.retransmits > 0 || tcp.backoff > 0);
  if (sent_again || tcp.probes > 1) return Kernel::kSilent;
  // A segment that is under way just now, for this session or another of the connection, tells nothing yet.
  if (tcp.last_ack_age + kAckSlack < silence) return Kernel::kAnswers;
  return Kernel::kUnclear;
}

// After this much quiet a keepalive of ours may have cut the connection.
Duration ShortestKeepalive(const Keepalive* keepalive) {
  Duration shortest = Duration::max();
  if (keepalive == nullptr) return shortest;
  if (keepalive->http2_time > Duration::zero()) shortest = keepalive->http2_time + keepalive->http2_timeout;
  if (keepalive->tcp.enabled) shortest = std::min<Duration>(shortest, keepalive->tcp.user_timeout);
  return shortest;
}

bool Closed(const Symptoms& s) { return s.end == StreamEnd::kConnectionClosed; }
bool ClosedByPeer(const Symptoms& s) { return Closed(s) && s.heard_lately && !s.cut_by_us; }
bool Ended(const Symptoms& s) {
  return s.end == StreamEnd::kCancelled || s.end == StreamEnd::kHalfClosed ||
         s.end == StreamEnd::kCallDeadline;
}

constexpr std::array kRules = {
    VerdictRule{"this server ended the stream, because what let the client in was revoked",
                [](const Symptoms& s) { return s.end == StreamEnd::kRevoked; },
                {Cause::kRevoked, Confidence::kHigh},
                Confidence::kHigh},
    VerdictRule{"the stream was cancelled or half-closed behind a proxy",
                [](const Symptoms& s) { return Ended(s) && s.proxied; },
                {Cause::kStreamClosed, Confidence::kLow},
                Confidence::kLow},
    VerdictRule{"the stream was cancelled or half-closed, its connection lives",
                [](const Symptoms& s) { return Ended(s); },
                {Cause::kStreamClosed, Confidence::kHigh},
                Confidence::kLow},
    VerdictRule{"the connection closed behind a proxy, heard within the shortest keepalive",
                [](const Symptoms& s) { return ClosedByPeer(s) && s.proxied; },
                {Cause::kProcessExited, Confidence::kMedium},
                Confidence::kMedium},
    VerdictRule{"the connection closed, heard within the shortest keepalive",
                [](const Symptoms& s) { return ClosedByPeer(s); },
                {Cause::kProcessExited, Confidence::kHigh},
                Confidence::kMedium},
    VerdictRule{"our keepalive cut the connection, its kernel acknowledged to the end",
                [](const Symptoms& s) { return Closed(s) && s.kernel == Kernel::kAnswers; },
                {Cause::kProcessStopped, Confidence::kHigh},
                Confidence::kLow},
    VerdictRule{"our keepalive cut the connection, its kernel acknowledged nothing",
                [](const Symptoms& s) { return Closed(s) && s.kernel == Kernel::kSilent; },
                {Cause::kHostUnreachable, Confidence::kHigh},
                Confidence::kMedium},
    VerdictRule{"our kernel gave the connection up after a long silence",
                [](const Symptoms& s) { return Closed(s) && s.kernel == Kernel::kGone; },
                {Cause::kHostUnreachable, Confidence::kMedium},
                Confidence::kLow},
    VerdictRule{"silence; its kernel acknowledges nothing, yet others of its host are heard",
                [](const Symptoms& s) { return s.kernel == Kernel::kSilent && s.host_heard; },
                {Cause::kHostUnreachable, Confidence::kMedium},
                Confidence::kLow},
    VerdictRule{"silence; its kernel acknowledges nothing",
                [](const Symptoms& s) { return s.kernel == Kernel::kSilent; },
                {Cause::kHostUnreachable, Confidence::kHigh},
                Confidence::kMedium},
    VerdictRule{"silence; its kernel acknowledges, the process answers nothing",
                [](const Symptoms& s) { return s.kernel == Kernel::kAnswers; },
                {Cause::kProcessStopped, Confidence::kHigh},
                Confidence::kLow},
    VerdictRule{"silence; the kernel does not tell, others of its host are heard",
                [](const Symptoms& s) { return s.host_heard && s.kernel == Kernel::kUnknown; },
                {Cause::kProcessStopped, Confidence::kLow},
                Confidence::kLow},
    VerdictRule{"silence; the kernel does not tell, all others of its host are silent too",
                [](const Symptoms& s) { return s.host_silent && s.kernel == Kernel::kUnknown; },
                {Cause::kHostUnreachable, Confidence::kLow},
                Confidence::kLow},
    VerdictRule{"anything else",
                [](const Symptoms&) { return true; },
                {Cause::kUnknown, Confidence::kLow},
                Confidence::kLow},
};

bool MaybeProxied(const Evidence& evidence) { return evidence.link && evidence.link->maybe_proxied; }

// Whose kernel the figures are of.
const char* ItsKernel(const Evidence& evidence) {
  return MaybeProxied(evidence) ? "its kernel, or that of a proxy," : "its kernel";
}

std::string Seconds(Duration span) {
  return absl::StrFormat("%.1f s", std::chrono::duration<double>(span).count());
}

std::string TimeOfDay(WallTime time) {
  return absl::FormatTime("%H:%M:%S", absl::FromUnixNanos(time.time_since_epoch().count()),
                          absl::UTCTimeZone());
}

std::string Quoted(const char* prefix, const std::string& reason) {
  return reason.empty() ? std::string() : absl::StrCat(prefix, "\"", reason, "\"");
}

std::string ExitSummary(const Evidence& evidence) {
  const std::string words = Quoted(": ", evidence.reason);
  if (evidence.signal) return absl::StrCat("it reported its end by signal ", *evidence.signal, words);
  if (evidence.exit_code) return absl::StrCat("it reported exit code ", *evidence.exit_code, words);
  // The evidence may be gathered long after the close: only the silence up to the close counts.
  const Duration unheard = evidence.silence + evidence.credited;
  const Duration heard_before = std::max(Duration::zero(), unheard - evidence.stream_ended_ago);
  return absl::StrCat(ItsKernel(evidence), " closed the connection without goodbye, ", Seconds(heard_before),
                      " after it was last heard");
}

std::string StreamSummary(const Evidence& evidence) {
  switch (evidence.stream_end) {
    case StreamEnd::kCallDeadline: return "its call ran into the deadline that it had set itself";
    case StreamEnd::kHalfClosed: return "it half-closed its stream without goodbye";
    default:
      return absl::StrCat("it cancelled its stream without goodbye, the connection lives",
                          MaybeProxied(evidence) ? "; both may be a proxy's" : "");
  }
}

std::string StalledSummary(const Evidence& evidence) {
  if (evidence.progress == nullptr) return "a progress token is stale";
  std::string text;
  for (const Progress& each : *evidence.progress) {
    if (!each.stale()) continue;
    absl::StrAppend(&text, text.empty() ? "" : "; ", "\"", each.name, "\" has not moved for ",
                    Seconds(each.age), ", ", Seconds(each.deadline), " are allowed");
  }
  return absl::StrCat("its heartbeats arrive, but ", text);
}

std::string UnreachableSummary(const Evidence& evidence) {
  const std::string since = absl::StrCat("since ", TimeOfDay(LastHeard(evidence)));
  if (!evidence.link || evidence.link->tcp.absence == TcpAbsence::kClosed) {
    return absl::StrCat("nothing acknowledges: host or network unreachable ", since,
                        "; our kernel gave the connection up");
  }
  if (evidence.link->tcp.absence != TcpAbsence::kPresent) {
    return absl::StrCat("its whole host is silent: host or network unreachable ", since);
  }
  const TcpEvidence& tcp = evidence.link->tcp;
  return absl::StrCat(ItsKernel(evidence), " acknowledges nothing (", tcp.unacked,
                      " segments wait, sent again ", std::max(tcp.retransmits, tcp.backoff), " times, ",
                      tcp.probes, " probes unanswered): host or network unreachable ", since);
}

// The server that found the client unserved wrote the reason: which server is gone.
std::string LostSummary(const Evidence& evidence) {
  return evidence.reason.empty() ? "its server no longer serves it" : evidence.reason;
}

}  // namespace

Symptoms SymptomsOf(const Evidence& evidence, const Keepalive* keepalive) {
  Symptoms symptoms;
  symptoms.end = evidence.stream_end;
  symptoms.host_heard = evidence.host.heard > 0;
  symptoms.host_silent = evidence.host.silent > 0 && evidence.host.heard == 0;
  const Duration unheard = evidence.silence + evidence.credited - evidence.stream_ended_ago;
  const Duration shortest = ShortestKeepalive(keepalive);
  symptoms.heard_lately = unheard < shortest;
  if (evidence.link) {
    // The silence as it was at the look, because the figures are of that moment too.
    const Duration silence = evidence.silence + evidence.credited - evidence.link_age;
    symptoms.kernel = KernelOf(*evidence.link, silence);
    const TcpEvidence& tcp = evidence.link->tcp;
    symptoms.proxied = tcp.absence == TcpAbsence::kProxy;
    symptoms.maybe_proxied = evidence.link->maybe_proxied;
    if (tcp.absence == TcpAbsence::kPresent) {
      symptoms.cut_by_us = tcp.closed_by_us;
      symptoms.heard_lately = symptoms.heard_lately || (tcp.unacked == 0 && tcp.last_ack_age < shortest);
    }
  }
  return symptoms;
}

std::span<const VerdictRule> VerdictRules() { return kRules; }

Verdict Judge(const Symptoms& symptoms) {
  const VerdictRule& rule = *std::find_if(kRules.begin(), kRules.end(),
                                          [&](const VerdictRule& each) { return each.holds(symptoms); });
  return {rule.verdict.cause, symptoms.maybe_proxied ? rule.maybe_proxied : rule.verdict.confidence};
}

std::string Summary(Cause cause, const Evidence& evidence) {
  switch (cause) {
    case Cause::kProcessExited: return ExitSummary(evidence);
    case Cause::kStreamClosed: return StreamSummary(evidence);
    case Cause::kProcessStopped:
      return absl::StrCat(evidence.link && evidence.link->tcp.absence == TcpAbsence::kPresent
                              ? absl::StrCat(ItsKernel(evidence), " still acknowledges")
                              : "others of its host are heard",
                          ", the process answers nothing: stopped or starved since ",
                          TimeOfDay(LastHeard(evidence)));
    case Cause::kHostUnreachable: return UnreachableSummary(evidence);
    case Cause::kApplicationStalled: return StalledSummary(evidence);
    case Cause::kSaidGoodbye: return absl::StrCat("it said goodbye", Quoted(": ", evidence.reason));
    case Cause::kEvicted: return absl::StrCat("an operator evicted it", Quoted(": ", evidence.reason));
    case Cause::kSuperseded: return "a newer session took over its id";
    case Cause::kServerLost: return LostSummary(evidence);
    case Cause::kNotReturned: return absl::StrCat(LostSummary(evidence), ", and it came to none in time");
    case Cause::kUnknown:
      return absl::StrCat("nothing was heard for ", Seconds(evidence.silence),
                          evidence.link && evidence.link->tcp.absence == TcpAbsence::kProxy
                              ? ", and a proxy hides its kernel"
                              : "");
    case Cause::kRevoked: return "this server ended its stream: what let it in was revoked";
    case Cause::kUnspecified: break;
  }
  return "";
}

}  // namespace liveness::core
