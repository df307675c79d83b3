#include "server/app/log/witness_log.h"

#include <string>

#include <spdlog/spdlog.h>

#include "common/duration_text.h"

namespace liveness::app {

void LogWitness(const registry::WitnessEvent& event, common::Duration max_doubt) {
  using Kind = registry::WitnessEvent::Kind;
  const std::string length = common::FormatForPeople(event.length);
  switch (event.kind) {
    case Kind::kStalled:
      spdlog::warn("this process did not run for {}: credited to all clients", length);
      return;
    case Kind::kSuspended:
      spdlog::warn("this machine slept for {}: clients get time to come through again", length);
      return;
    case Kind::kDoubtBegan:
      spdlog::warn(
          "the canary is not heard in time: an I/O thread does not run or falls behind; deadlines stand, for "
          "{} at "
          "most",
          common::FormatForPeople(max_doubt));
      return;
    case Kind::kDoubtSpent:
      spdlog::error("the canary was not heard in time for {}: not ready, and deadlines count again", length);
      return;
    case Kind::kDoubtEnded:
      spdlog::info("the canary is heard again in time: {} were credited to all clients", length);
      return;
    case Kind::kStoreFails: spdlog::error("not ready, no session can begin: {}", event.text); return;
    case Kind::kStoreBack: spdlog::info("the store commits again, after {}", length); return;
    case Kind::kLeaseLost:
      spdlog::error(
          "the lease has run out: other servers take this one for gone; its clients are to go there");
      return;
    case Kind::kLeaseBack: spdlog::info("other servers see this one again, after {}", length); return;
    // Their notices say more.
    case Kind::kSelfDoubtBegan:
    case Kind::kSelfDoubtEnded: return;
  }
}

void NoteWitness(const registry::WitnessEvent& event, IncidentLog& incidents) {
  using Kind = registry::WitnessEvent::Kind;
  using core::IncidentKind;
  switch (event.kind) {
    case Kind::kStalled: return incidents.Add(IncidentKind::kStall, event.length);
    case Kind::kSuspended: return incidents.Add(IncidentKind::kMachineSlept, event.length);
    case Kind::kDoubtBegan: return incidents.Begin(IncidentKind::kCanaryDoubt);
    case Kind::kDoubtSpent:
      return incidents.Begin(IncidentKind::kCanaryDoubt, "its credit was spent: not ready");
    case Kind::kDoubtEnded: return incidents.End(IncidentKind::kCanaryDoubt);
    case Kind::kStoreFails: return incidents.Begin(IncidentKind::kStoreOutage, event.text);
    case Kind::kStoreBack: return incidents.End(IncidentKind::kStoreOutage);
    case Kind::kLeaseLost: return incidents.Begin(IncidentKind::kLeaseLost);
    case Kind::kLeaseBack: return incidents.End(IncidentKind::kLeaseLost);
    case Kind::kSelfDoubtBegan: return incidents.Begin(IncidentKind::kSelfDoubt, event.text);
    case Kind::kSelfDoubtEnded: return incidents.End(IncidentKind::kSelfDoubt);
  }
}

}  // namespace liveness::app
