#include "client/cli/print/describe_evidence.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"

namespace liveness::cli {
namespace {

// Figures that are younger than this are as good as those of the moment itself.
constexpr common::Duration kFresh = std::chrono::milliseconds(100);

std::string ConfidenceText(v1::Confidence confidence) {
  switch (confidence) {
    case v1::CONFIDENCE_LOW: return "low (a guess: other causes would fit, too)";
    case v1::CONFIDENCE_MEDIUM: return "medium (likely)";
    case v1::CONFIDENCE_HIGH: return "high";
    default: return absl::StrCat(static_cast<int>(confidence));
  }
}

std::string StreamText(const v1::StreamEvidence& stream) {
  std::string end = EnumText(v1::StreamEnd_Name(stream.end()), "STREAM_END_", stream.end());
  if (stream.has_ended_ago()) absl::StrAppend(&end, ", ", RoundedText(stream.ended_ago()), " before");
  return end;
}

std::string TcpText(const v1::TcpEvidence& tcp) {
  switch (tcp.absence()) {
    case v1::TCP_ABSENCE_UNSPECIFIED: break;
    case v1::TCP_ABSENCE_PROXY: return "left out: behind a proxy, the connection is the proxy's";
    case v1::TCP_ABSENCE_CLOSED: return "no figures: the kernel no longer knows the connection";
    default: return "no figures: the kernel cannot be asked here";
  }
  std::string text = absl::StrCat("last ack ", RoundedText(tcp.last_ack_age()), " ago, ", tcp.unacked(),
                                  " unacked, ", tcp.retransmits(), " retransmits, backoff ", tcp.backoff(),
                                  ", ", tcp.probes(), " probes, rtt ", RoundedText(tcp.rtt()));
  if (tcp.unread_bytes() > 0)
    absl::StrAppend(&text, ", ", tcp.unread_bytes(), " bytes not read by the server");
  if (FromProto(tcp.age()) >= kFresh) absl::StrAppend(&text, " (taken ", RoundedText(tcp.age()), " before)");
  if (tcp.maybe_proxied()) text += "; perhaps a proxy's";
  return text;
}

std::string TransportText(const v1::TransportEvidence& transport) {
  std::string text = transport.has_last_pong_age()
                         ? absl::StrCat("last answer ", RoundedText(transport.last_pong_age()), " ago")
                         : std::string("no answer yet");
  if (transport.has_probe_age())
    absl::StrAppend(&text, ", a probe waits for ", RoundedText(transport.probe_age()));
  return text;
}

std::string GoodbyeText(const v1::GoodbyeEvidence& goodbye) {
  std::string words = goodbye.reason().empty() ? "(no words)" : absl::StrCat("\"", goodbye.reason(), "\"");
  if (goodbye.has_exit_code()) absl::StrAppend(&words, ", exit code ", goodbye.exit_code());
  if (goodbye.has_signal()) absl::StrAppend(&words, ", signal ", goodbye.signal());
  return words;
}

// Nothing if it was gathered by a server that the client did not beat at.
std::string DescribeHeartbeat(const v1::HeartbeatEvidence& heartbeat) {
  const bool was_heard = heartbeat.last_sequence() > 0 || heartbeat.has_credited() ||
                         FromProto(heartbeat.silence()) > common::Duration::zero();
  if (!was_heard) return {};
  std::string text = DescribeLine("  Silence", RoundedText(heartbeat.silence()));
  text += DescribeLine("  Last ping",
                       absl::StrCat("#", heartbeat.last_sequence(), ", ", heartbeat.missed(), " missed"));
  if (heartbeat.has_credited()) {
    text += DescribeLine("  Credited", absl::StrCat(RoundedText(heartbeat.credited()),
                                                    ", in which the server could not receive"));
  }
  return text;
}

}  // namespace

bool IsStale(const v1::Progress& progress) {
  return FromProto(progress.age()) > FromProto(progress.deadline());
}

std::string DescribeProgress(const std::string& title,
                             const google::protobuf::RepeatedPtrField<v1::Progress>& progress) {
  std::string text;
  for (const v1::Progress& each : progress) {
    text += DescribeMore(text.empty() ? title : "", absl::StrCat(each.name(), ": ", RoundedText(each.age()),
                                                                 " old, ", RoundedText(each.deadline()),
                                                                 " allowed", IsStale(each) ? ", STALE" : ""));
  }
  return text;
}

std::string DescribeEvidence(const v1::Evidence& evidence, common::WallTime now) {
  std::string text = "Evidence:\n";
  if (!evidence.summary().empty()) text += DescribeLine("  Verdict", evidence.summary());
  if (evidence.confidence() != v1::CONFIDENCE_UNSPECIFIED) {
    text += DescribeLine("  Confidence", ConfidenceText(evidence.confidence()));
  }
  if (evidence.has_gather_time()) text += DescribeLine("  Gathered", MomentText(evidence.gather_time(), now));
  if (evidence.has_goodbye()) text += DescribeLine("  Goodbye", GoodbyeText(evidence.goodbye()));
  if (evidence.stream().end() != v1::STREAM_END_UNSPECIFIED) {
    text += DescribeLine("  Stream end", StreamText(evidence.stream()));
  }
  if (evidence.has_heartbeat()) text += DescribeHeartbeat(evidence.heartbeat());
  if (evidence.has_tcp()) text += DescribeLine("  Kernel TCP", TcpText(evidence.tcp()));
  if (evidence.has_transport()) text += DescribeLine("  Transport", TransportText(evidence.transport()));
  if (evidence.has_host()) {
    text += DescribeLine("  Same host", absl::StrCat(evidence.host().heard_count(), " heard, ",
                                                     evidence.host().silent_count(), " silent"));
  }
  text += DescribeProgress("  Progress", evidence.progress());
  const v1::LastWords& words = evidence.last_words();
  if (!words.will().empty()) text += DescribeLine("  Last will", words.will());
  if (words.notes_size() > 0) {
    text += DescribeLine("  Last minute",
                         absl::StrCat(CountText(words.notes_size(), "note"), ", shown by get --last-words"));
  }
  return text;
}

}  // namespace liveness::cli
