#include "server/rpc/convert/incident_proto.h"

#include <algorithm>

#include "server/rpc/convert/convert.h"

namespace liveness::rpc {
namespace {

v1::IncidentKind KindOf(core::IncidentKind kind) {
  using core::IncidentKind;
  switch (kind) {
    case IncidentKind::kStarted: return v1::INCIDENT_KIND_STARTED;
    case IncidentKind::kStopped: return v1::INCIDENT_KIND_STOPPED;
    case IncidentKind::kUncleanEnd: return v1::INCIDENT_KIND_UNCLEAN_END;
    case IncidentKind::kStall: return v1::INCIDENT_KIND_STALL;
    case IncidentKind::kMachineSlept: return v1::INCIDENT_KIND_MACHINE_SLEPT;
    case IncidentKind::kCanaryDoubt: return v1::INCIDENT_KIND_CANARY_DOUBT;
    case IncidentKind::kSelfDoubt: return v1::INCIDENT_KIND_SELF_DOUBT;
    case IncidentKind::kStoreOutage: return v1::INCIDENT_KIND_STORE_OUTAGE;
    case IncidentKind::kLeaseLost: return v1::INCIDENT_KIND_LEASE_LOST;
    case IncidentKind::kDrain: return v1::INCIDENT_KIND_DRAIN;
    case IncidentKind::kNotAccepting: return v1::INCIDENT_KIND_NOT_ACCEPTING;
    case IncidentKind::kCertificate: return v1::INCIDENT_KIND_CERTIFICATE;
    case IncidentKind::kAccess: return v1::INCIDENT_KIND_ACCESS;
    case IncidentKind::kOperator: return v1::INCIDENT_KIND_OPERATOR;
  }
  return v1::INCIDENT_KIND_UNSPECIFIED;
}

}  // namespace

void ToProto(const core::Incident& incident, core::WallTime now, v1::Incident& proto) {
  proto.set_kind(KindOf(incident.kind));
  ToProto(incident.start, *proto.mutable_start_time());
  if (incident.end) ToProto(*incident.end, *proto.mutable_end_time());
  const core::Duration length =
      incident.end ? incident.length : std::max(now - incident.start, core::Duration::zero());
  ToProto(length, *proto.mutable_length());
  proto.set_message(incident.text);
}

}  // namespace liveness::rpc
