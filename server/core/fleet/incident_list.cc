#include "server/core/fleet/incident_list.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "common/strings.h"

namespace liveness::core {
namespace {

constexpr std::array<std::string_view, kIncidentKinds> kNames = {
    "STARTED",       "STOPPED",     "UNCLEAN_END",  "STALL",      "MACHINE_SLEPT",
    "CANARY_DOUBT",  "SELF_DOUBT",  "STORE_OUTAGE", "LEASE_LOST", "DRAIN",
    "NOT_ACCEPTING", "CERTIFICATE", "OPERATOR",     "ACCESS",
};

std::string Fit(std::string_view text) { return common::Escape(text).substr(0, kMaxIncidentText); }

}  // namespace

std::string_view NameOf(IncidentKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<IncidentKind> IncidentKindOf(std::string_view name) {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<IncidentKind>(found - kNames.begin());
}

void IncidentList::Restore(std::vector<Incident> earlier, WallTime last_sign, WallTime now) {
  bool runs = false;
  for (Incident& incident : earlier) {
    if (incident.kind == IncidentKind::kStarted) runs = true;
    if (incident.kind == IncidentKind::kStopped || incident.kind == IncidentKind::kUncleanEnd) runs = false;
    if (!incident.end) {
      // A wall clock that was set back is no reason for an end before the start.
      incident.end = std::max(last_sign, incident.start);
      incident.length = *incident.end - incident.start;
    }
    Push(std::move(incident));
  }
  if (!runs) return;
  Push({IncidentKind::kUncleanEnd, last_sign, std::max(now, last_sign), std::max(now - last_sign, Duration{}),
        "ended without a stop, after its last sign of life"});
}

void IncidentList::Add(IncidentKind kind, WallTime now, Duration length, std::string_view text) {
  Push({kind, now - length, now, length, Fit(text)});
}

void IncidentList::Begin(IncidentKind kind, WallTime now, std::string_view text) {
  if (Incident* open = FindOpen(kind)) {
    if (!text.empty()) open->text = Fit(text);
    return;
  }
  Push({kind, now, std::nullopt, {}, Fit(text)});
}

void IncidentList::End(IncidentKind kind, WallTime now, Duration length) {
  Incident* open = FindOpen(kind);
  if (open == nullptr) return;
  open->end = std::max(now, open->start);
  open->length = length;
}

Incident* IncidentList::FindOpen(IncidentKind kind) {
  const auto found = std::find_if(all_.rbegin(), all_.rend(), [kind](const Incident& incident) {
    return incident.kind == kind && !incident.end;
  });
  return found == all_.rend() ? nullptr : &*found;
}

void IncidentList::Push(Incident incident) {
  if (all_.size() >= kMost) {
    std::array<std::size_t, kIncidentKinds> counts{};
    for (const Incident& each : all_) counts[static_cast<std::size_t>(each.kind)] += each.end.has_value();
    const auto kind =
        static_cast<IncidentKind>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    all_.erase(std::find_if(all_.begin(), all_.end(),
                            [kind](const Incident& each) { return each.kind == kind && each.end; }));
  }
  all_.push_back(std::move(incident));
}

}  // namespace liveness::core
