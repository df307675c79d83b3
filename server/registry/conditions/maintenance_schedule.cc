#include "server/registry/conditions/maintenance_schedule.h"

namespace liveness::registry {

using common::WallTime;

void MaintenanceSchedule::Set(std::string_view client_id, std::optional<WallTime> ends) {
  const auto known = ends_.find(client_id);
  if (known == ends_.end() && !ends) return;  // most clients, most of the time
  std::string id(client_id);
  if (known != ends_.end()) {
    order_.erase({known->second, id});
    ends_.erase(known);
  }
  if (!ends) return;
  order_.emplace(*ends, id);
  ends_.emplace(std::move(id), *ends);
}

bool MaintenanceSchedule::HasDue(WallTime now) const {
  if (order_.empty()) return false;
  const WallTime first = order_.begin()->first;
  return first <= now && first != WallTime::max();
}

std::string MaintenanceSchedule::PopFirst() {
  auto first = order_.extract(order_.begin());
  ends_.erase(first.value().second);
  return std::move(first.value().second);
}

}  // namespace liveness::registry
