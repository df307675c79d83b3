#include "server/storage/stored_evidence.h"

namespace liveness::storage {
namespace {

// Every struct is taken apart by name, so that a field that is new in the core
// does not compile here before it is stored too. (TcpAbsence's first value is
// "there are figures" on both sides.)
static_assert(Same(v1::STREAM_END_UNSPECIFIED, core::StreamEnd::kNone) &&
              Same(v1::STREAM_END_CONNECTION_CLOSED, core::StreamEnd::kConnectionClosed) &&
              Same(v1::STREAM_END_HALF_CLOSED, core::StreamEnd::kHalfClosed) &&
              Same(v1::STREAM_END_CALL_DEADLINE, core::StreamEnd::kCallDeadline) &&
              Same(v1::STREAM_END_BY_SERVER, core::StreamEnd::kByServer) &&
              Same(v1::STREAM_END_CANCELLED, core::StreamEnd::kCancelled) &&
              Same(v1::StreamEnd_MAX, core::StreamEnd::kRevoked));
static_assert(Same(v1::CONFIDENCE_UNSPECIFIED, core::Confidence::kUnspecified) &&
              Same(v1::CONFIDENCE_LOW, core::Confidence::kLow) &&
              Same(v1::CONFIDENCE_MEDIUM, core::Confidence::kMedium) &&
              Same(v1::Confidence_MAX, core::Confidence::kHigh));
static_assert(Same(v1::TCP_ABSENCE_UNSPECIFIED, core::TcpAbsence::kPresent) &&
              Same(v1::TCP_ABSENCE_PROXY, core::TcpAbsence::kProxy) &&
              Same(v1::TCP_ABSENCE_CLOSED, core::TcpAbsence::kClosed) &&
              Same(v1::TcpAbsence_MAX, core::TcpAbsence::kUnsupported));

using core::Duration;
using core::MonoTime;
using core::WallTime;

std::int64_t Nanos(WallTime time) { return time.time_since_epoch().count(); }

void StoreProgress(const std::vector<core::Progress>& progress, v1::ProgressList& stored) {
  for (const auto& [name, age, deadline] : progress) {
    v1::Progress& token = *stored.add_progress();
    token.set_name(name);
    token.set_age_ns(age.count());
    token.set_deadline_ns(deadline.count());
  }
}

core::ProgressTokens RestoreProgress(const v1::ProgressList& stored) {
  auto progress = std::make_shared<std::vector<core::Progress>>();
  progress->reserve(static_cast<std::size_t>(stored.progress_size()));
  for (const v1::Progress& token : stored.progress()) {
    progress->push_back({token.name(), Duration(token.age_ns()), Duration(token.deadline_ns())});
  }
  return progress;
}

void StoreLastWords(const core::LastWords& words, v1::LastWords& stored) {
  const auto& [will, notes] = words;
  stored.set_will(will);
  for (const auto& [time, rtt, load, progress] : notes) {
    v1::Note& note = *stored.add_notes();
    note.set_time_ns(Nanos(time));
    note.set_rtt_ns(rtt.count());
    const auto& [scheduling_delay, cpu_usage, memory_bytes] = load;
    note.set_scheduling_delay_ns(scheduling_delay.count());
    note.set_cpu_usage(cpu_usage);
    note.set_memory_bytes(memory_bytes);
    if (progress != nullptr) StoreProgress(*progress, *note.mutable_progress());
  }
}

std::shared_ptr<const core::LastWords> RestoreLastWords(const v1::LastWords& stored) {
  auto words = std::make_shared<core::LastWords>();
  words->will = stored.will();
  for (const v1::Note& note : stored.notes()) {
    const core::Load load{Duration(note.scheduling_delay_ns()), note.cpu_usage(), note.memory_bytes()};
    words->notes.push_back({WallTime(Duration(note.time_ns())), Duration(note.rtt_ns()), load,
                            note.has_progress() ? RestoreProgress(note.progress()) : nullptr});
  }
  return words;
}

void StoreTcp(const core::TcpEvidence& tcp, v1::TcpEvidence& stored) {
  const auto& [absence, established, closed_by_us, last_ack_age, unacked, retransmits, backoff, probes, rtt,
               unread_bytes] = tcp;
  stored.set_absence(static_cast<v1::TcpAbsence>(absence));
  stored.set_established(established);
  stored.set_closed_by_us(closed_by_us);
  stored.set_last_ack_age_ns(last_ack_age.count());
  stored.set_unacked(unacked);
  stored.set_retransmits(retransmits);
  stored.set_backoff(backoff);
  stored.set_probes(probes);
  stored.set_rtt_ns(rtt.count());
  stored.set_unread_bytes(unread_bytes);
}

core::TcpEvidence RestoreTcp(const v1::TcpEvidence& stored) {
  core::TcpEvidence tcp;
  tcp.absence = Known(stored.absence(), v1::TcpAbsence_MAX, core::TcpAbsence::kUnsupported);
  tcp.established = stored.established();
  tcp.closed_by_us = stored.closed_by_us();
  tcp.last_ack_age = Duration(stored.last_ack_age_ns());
  tcp.unacked = stored.unacked();
  tcp.retransmits = stored.retransmits();
  tcp.backoff = stored.backoff();
  tcp.probes = stored.probes();
  tcp.rtt = Duration(stored.rtt_ns());
  tcp.unread_bytes = stored.unread_bytes();
  return tcp;
}

void StoreLink(const core::LinkEvidence& link, v1::LinkEvidence& stored) {
  const auto& [taken_at, tcp, maybe_proxied, last_pong_age, probe_age] = link;
  stored.set_taken_at_ns(taken_at.time_since_epoch().count());
  StoreTcp(tcp, *stored.mutable_tcp());
  stored.set_maybe_proxied(maybe_proxied);
  if (last_pong_age) stored.set_last_pong_age_ns(last_pong_age->count());
  if (probe_age) stored.set_probe_age_ns(probe_age->count());
}

core::LinkEvidence RestoreLink(const v1::LinkEvidence& stored) {
  core::LinkEvidence link;
  link.taken_at = MonoTime(Duration(stored.taken_at_ns()));
  link.tcp = RestoreTcp(stored.tcp());
  link.maybe_proxied = stored.maybe_proxied();
  if (stored.has_last_pong_age_ns()) link.last_pong_age = Duration(stored.last_pong_age_ns());
  if (stored.has_probe_age_ns()) link.probe_age = Duration(stored.probe_age_ns());
  return link;
}

}  // namespace

void Store(const core::Evidence& evidence, v1::Evidence& stored) {
  const auto& [gather_time, stream_end, stream_ended_ago, silence, credited, last_sequence, missed, link,
               link_age, host, progress, last_words, confidence, reason, exit_code, signal] = evidence;
  stored.set_gather_time_ns(Nanos(gather_time));
  stored.set_stream_end(static_cast<v1::StreamEnd>(stream_end));
  stored.set_stream_ended_ago_ns(stream_ended_ago.count());
  stored.set_silence_ns(silence.count());
  stored.set_credited_ns(credited.count());
  stored.set_last_sequence(last_sequence);
  stored.set_missed(missed);
  if (link) StoreLink(*link, *stored.mutable_link());
  stored.set_link_age_ns(link_age.count());
  const auto& [heard, silent] = host;
  stored.set_host_heard(heard);
  stored.set_host_silent(silent);
  if (progress != nullptr) StoreProgress(*progress, *stored.mutable_progress());
  if (last_words != nullptr) StoreLastWords(*last_words, *stored.mutable_last_words());
  stored.set_confidence(static_cast<v1::Confidence>(confidence));
  stored.set_reason(reason);
  if (exit_code) stored.set_exit_code(*exit_code);
  if (signal) stored.set_signal(*signal);
}

std::shared_ptr<const core::Evidence> Restore(const v1::Evidence& stored) {
  auto evidence = std::make_shared<core::Evidence>();
  evidence->gather_time = WallTime(Duration(stored.gather_time_ns()));
  evidence->stream_end = Known(stored.stream_end(), v1::StreamEnd_MAX, core::StreamEnd::kNone);
  evidence->stream_ended_ago = Duration(stored.stream_ended_ago_ns());
  evidence->silence = Duration(stored.silence_ns());
  evidence->credited = Duration(stored.credited_ns());
  evidence->last_sequence = stored.last_sequence();
  evidence->missed = stored.missed();
  if (stored.has_link()) evidence->link = RestoreLink(stored.link());
  evidence->link_age = Duration(stored.link_age_ns());
  evidence->host = {stored.host_heard(), stored.host_silent()};
  if (stored.has_progress()) evidence->progress = RestoreProgress(stored.progress());
  if (stored.has_last_words()) evidence->last_words = RestoreLastWords(stored.last_words());
  evidence->confidence = Known(stored.confidence(), v1::Confidence_MAX, core::Confidence::kUnspecified);
  evidence->reason = stored.reason();
  if (stored.has_exit_code()) evidence->exit_code = stored.exit_code();
  if (stored.has_signal()) evidence->signal = stored.signal();
  return evidence;
}

}  // namespace liveness::storage
