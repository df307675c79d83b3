// Records compared field by field, all of them, by content. Says which field
// differs. Header only.
#pragma once

#include <sstream>
#include <string>

#include "server/core/record/record.h"

namespace liveness::testing {

namespace same_record_internal {

template <typename T>
void Field(std::ostringstream& out, const char* name, const T& a, const T& b) {
  if (!(a == b)) out << name << " differs; ";
}

using ProgressTokens = std::shared_ptr<const std::vector<core::Progress>>;

inline void Tokens(std::ostringstream& out, const ProgressTokens& a, const ProgressTokens& b) {
  if ((a == nullptr) != (b == nullptr) || (a != nullptr && *a != *b)) out << "progress differs; ";
}

inline void Words(std::ostringstream& out, const core::LastWords& a, const core::LastWords& b) {
  Field(out, "will", a.will, b.will);
  Field(out, "notes", a.notes.size(), b.notes.size());
  for (std::size_t n = 0; n < std::min(a.notes.size(), b.notes.size()); ++n) {
    const core::Note &x = a.notes[n], &y = b.notes[n];
    Field(out, "note.time", x.time, y.time);
    Field(out, "note.rtt", x.rtt, y.rtt);
    Field(out, "note.scheduling_delay", x.load.scheduling_delay, y.load.scheduling_delay);
    Field(out, "note.cpu_usage", x.load.cpu_usage, y.load.cpu_usage);
    Field(out, "note.memory_bytes", x.load.memory_bytes, y.load.memory_bytes);
    Tokens(out, x.progress, y.progress);
  }
}

inline void Link(std::ostringstream& out, const core::LinkEvidence& a, const core::LinkEvidence& b) {
  Field(out, "taken_at", a.taken_at, b.taken_at);
  Field(out, "maybe_proxied", a.maybe_proxied, b.maybe_proxied);
  Field(out, "last_pong_age", a.last_pong_age, b.last_pong_age);
  Field(out, "probe_age", a.probe_age, b.probe_age);
  Field(out, "tcp.absence", a.tcp.absence, b.tcp.absence);
  Field(out, "tcp.established", a.tcp.established, b.tcp.established);
  Field(out, "tcp.closed_by_us", a.tcp.closed_by_us, b.tcp.closed_by_us);
  Field(out, "tcp.last_ack_age", a.tcp.last_ack_age, b.tcp.last_ack_age);
  Field(out, "tcp.unacked", a.tcp.unacked, b.tcp.unacked);
  Field(out, "tcp.retransmits", a.tcp.retransmits, b.tcp.retransmits);
  Field(out, "tcp.backoff", a.tcp.backoff, b.tcp.backoff);
  Field(out, "tcp.probes", a.tcp.probes, b.tcp.probes);
  Field(out, "tcp.rtt", a.tcp.rtt, b.tcp.rtt);
  Field(out, "tcp.unread_bytes", a.tcp.unread_bytes, b.tcp.unread_bytes);
}

inline void Compare(std::ostringstream& out, const core::Evidence& a, const core::Evidence& b) {
  Field(out, "gather_time", a.gather_time, b.gather_time);
  Field(out, "stream_end", a.stream_end, b.stream_end);
  Field(out, "stream_ended_ago", a.stream_ended_ago, b.stream_ended_ago);
  Field(out, "silence", a.silence, b.silence);
  Field(out, "credited", a.credited, b.credited);
  Field(out, "last_sequence", a.last_sequence, b.last_sequence);
  Field(out, "missed", a.missed, b.missed);
  Field(out, "link", a.link.has_value(), b.link.has_value());
  if (a.link && b.link) Link(out, *a.link, *b.link);
  Field(out, "link_age", a.link_age, b.link_age);
  Field(out, "host.heard", a.host.heard, b.host.heard);
  Field(out, "host.silent", a.host.silent, b.host.silent);
  Tokens(out, a.progress, b.progress);
  Field(out, "last_words", a.last_words != nullptr, b.last_words != nullptr);
  if (a.last_words && b.last_words) Words(out, *a.last_words, *b.last_words);
  Field(out, "confidence", a.confidence, b.confidence);
  Field(out, "reason", a.reason, b.reason);
  Field(out, "exit_code", a.exit_code, b.exit_code);
  Field(out, "signal", a.signal, b.signal);
}

}  // namespace same_record_internal

enum class Comparing { kAll, kAllButEvidence };

// Empty if they are equal.
inline std::string Difference(const core::ClientRecord& a, const core::ClientRecord& b,
                              Comparing what = Comparing::kAll) {
  using namespace same_record_internal;
  std::ostringstream out;
  Field(out, "info", a.info, b.info);
  Field(out, "attempt", a.info.attempt(), b.info.attempt());
  if (what == Comparing::kAll) {
    Field(out, "evidence", a.evidence != nullptr, b.evidence != nullptr);
    if (a.evidence && b.evidence) Compare(out, *a.evidence, *b.evidence);
  }
  Field(out, "annex", a.annex != nullptr, b.annex != nullptr);
  if (a.annex && b.annex) Field(out, "annex", *a.annex, *b.annex);
  Field(out, "server_id", a.server_id != nullptr, b.server_id != nullptr);
  if (a.server_id && b.server_id) Field(out, "server_id", *a.server_id, *b.server_id);
  Field(out, "incarnation", a.incarnation, b.incarnation);
  Field(out, "attachment", a.attachment, b.attachment);
  Field(out, "revision", a.revision, b.revision);
  Field(out, "register_time", a.register_time, b.register_time);
  Field(out, "state_time", a.state_time, b.state_time);
  Field(out, "interval", a.interval, b.interval);
  Field(out, "timeout", a.timeout, b.timeout);
  Field(out, "resume_grace", a.resume_grace, b.resume_grace);
  Field(out, "state", a.state, b.state);
  Field(out, "health", a.health, b.health);
  Field(out, "cause", a.cause, b.cause);
  Field(out, "accrual_threshold", a.accrual_threshold, b.accrual_threshold);
  Field(out, "flapping", a.flapping, b.flapping);
  return out.str();
}

}  // namespace liveness::testing
