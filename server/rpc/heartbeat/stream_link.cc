#include "server/rpc/heartbeat/stream_link.h"

namespace liveness::rpc {

core::LinkEvidence EvidenceOf(const StreamLink& link, common::MonoTime now) {
  core::LinkEvidence evidence;
  evidence.taken_at = now;
  if (link.pong_time != common::MonoTime{}) evidence.last_pong_age = now - link.pong_time;
  if (link.probe_time != common::MonoTime{}) evidence.probe_age = now - link.probe_time;
  evidence.maybe_proxied = link.maybe_proxied;
  if (link.proxied) evidence.tcp.absence = core::TcpAbsence::kProxy;
  return evidence;
}

}  // namespace liveness::rpc
