#include "server/rpc/convert/evidence_proto.h"

#include "server/core/detection/verdict.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {
namespace {

template <typename Wire, typename Core>
constexpr bool Same(Wire wire, Core core) {
  return static_cast<int>(wire) == static_cast<int>(core);
}
static_assert(Same(v1::STREAM_END_UNSPECIFIED, core::StreamEnd::kNone) &&
              Same(v1::STREAM_END_CONNECTION_CLOSED, core::StreamEnd::kConnectionClosed) &&
              Same(v1::STREAM_END_HALF_CLOSED, core::StreamEnd::kHalfClosed) &&
              Same(v1::STREAM_END_CALL_DEADLINE, core::StreamEnd::kCallDeadline) &&
              Same(v1::STREAM_END_BY_SERVER, core::StreamEnd::kByServer) &&
              Same(v1::STREAM_END_CANCELLED, core::StreamEnd::kCancelled) &&
              Same(v1::StreamEnd_MAX, core::StreamEnd::kRevoked));
static_assert(Same(v1::CONFIDENCE_LOW, core::Confidence::kLow) &&
              Same(v1::Confidence_MAX, core::Confidence::kHigh));
static_assert(Same(v1::TCP_ABSENCE_PROXY, core::TcpAbsence::kProxy) &&
              Same(v1::TCP_ABSENCE_CLOSED, core::TcpAbsence::kClosed) &&
              Same(v1::TcpAbsence_MAX, core::TcpAbsence::kUnsupported));

void SetStream(const core::Evidence& evidence, v1::StreamEvidence& proto) {
  proto.set_end(static_cast<v1::StreamEnd>(evidence.stream_end));
  if (evidence.stream_end != core::StreamEnd::kNone) {
    ToProto(evidence.stream_ended_ago, *proto.mutable_ended_ago());
  }
}

void SetHeartbeat(const core::Evidence& evidence, v1::HeartbeatEvidence& proto) {
  ToProto(evidence.silence, *proto.mutable_silence());
  proto.set_last_sequence(evidence.last_sequence);
  proto.set_missed(evidence.missed);
  if (evidence.credited.count() != 0) ToProto(evidence.credited, *proto.mutable_credited());
}

// The client's own words, if the evidence has any.
void SetGoodbye(core::Cause cause, const core::Evidence& evidence, v1::Evidence& proto) {
  const bool said = cause == core::Cause::kSaidGoodbye || evidence.exit_code || evidence.signal;
  if (!said) return;
  v1::GoodbyeEvidence* goodbye = proto.mutable_goodbye();
  goodbye->set_reason(evidence.reason);
  if (evidence.exit_code) goodbye->set_exit_code(*evidence.exit_code);
  if (evidence.signal) goodbye->set_signal(*evidence.signal);
}

void SetTcp(const core::LinkEvidence& link, common::Duration age, v1::TcpEvidence& proto) {
  const core::TcpEvidence& tcp = link.tcp;
  proto.set_maybe_proxied(link.maybe_proxied);
  proto.set_absence(static_cast<v1::TcpAbsence>(tcp.absence));
  ToProto(age, *proto.mutable_age());
  if (tcp.absence != core::TcpAbsence::kPresent) return;
  ToProto(tcp.last_ack_age, *proto.mutable_last_ack_age());
  ToProto(tcp.rtt, *proto.mutable_rtt());
  proto.set_unacked(tcp.unacked);
  proto.set_retransmits(tcp.retransmits);
  proto.set_backoff(tcp.backoff);
  proto.set_probes(tcp.probes);
  proto.set_unread_bytes(tcp.unread_bytes);
}

void SetTransport(const core::LinkEvidence& link, v1::Evidence& proto) {
  if (link.last_pong_age) ToProto(*link.last_pong_age, *proto.mutable_transport()->mutable_last_pong_age());
  if (link.probe_age) ToProto(*link.probe_age, *proto.mutable_transport()->mutable_probe_age());
}

void SetLastWords(const core::LastWords& words, v1::LastWords& proto) {
  proto.set_will(words.will);
  for (const core::Note& note : words.notes) {
    v1::Note* added = proto.add_notes();
    ToProto(note.time, *added->mutable_time());
    if (note.rtt.count() > 0) ToProto(note.rtt, *added->mutable_rtt());
    ToProto(note.load.scheduling_delay, *added->mutable_load()->mutable_scheduling_delay());
    added->mutable_load()->set_cpu_usage(note.load.cpu_usage);
    added->mutable_load()->set_memory_bytes(note.load.memory_bytes);
    if (note.progress == nullptr) continue;
    for (const core::Progress& each : *note.progress) ToProto(each, *added->add_progress());
  }
}

}  // namespace

void ToProto(const core::Progress& progress, v1::Progress& proto) {
  proto.set_name(progress.name);
  ToProto(progress.age, *proto.mutable_age());
  ToProto(progress.deadline, *proto.mutable_deadline());
}

void ToProto(core::Cause cause, const core::Evidence& evidence, v1::Evidence& proto) {
  ToProto(evidence.gather_time, *proto.mutable_gather_time());
  SetStream(evidence, *proto.mutable_stream());
  SetHeartbeat(evidence, *proto.mutable_heartbeat());
  SetGoodbye(cause, evidence, proto);
  if (evidence.link) {
    SetTcp(*evidence.link, evidence.link_age, *proto.mutable_tcp());
    SetTransport(*evidence.link, proto);
  }
  if (evidence.host.heard + evidence.host.silent > 0) {
    proto.mutable_host()->set_heard_count(evidence.host.heard);
    proto.mutable_host()->set_silent_count(evidence.host.silent);
  }
  if (evidence.progress != nullptr) {
    for (const core::Progress& each : *evidence.progress) ToProto(each, *proto.add_progress());
  }
  if (evidence.last_words != nullptr) SetLastWords(*evidence.last_words, *proto.mutable_last_words());
  proto.set_confidence(static_cast<v1::Confidence>(evidence.confidence));
  proto.set_summary(core::Summary(cause, evidence));
}

}  // namespace liveness::rpc
