#include "server/registry/conditions/roster.h"

#include <algorithm>
#include <string_view>

namespace liveness::registry {

void Roster::Set(std::vector<std::string> server_ids) {
  servers_ = std::move(server_ids);
  std::sort(servers_.begin(), servers_.end());
}

bool Roster::IsServed(const Session& session) const {
  if (session.is_local()) return true;
  if (!shared_) return false;
  const std::string_view server = *session.record()->server_id;
  if (server == server_id_) return false;  // of an earlier process with this server's id
  return servers_.empty() || std::binary_search(servers_.begin(), servers_.end(), server);
}

core::Duration Roster::TakeoverDelay(const core::ClientRecord& record) const {
  // The others leave a server that is back the clients that were its own.
  if (IsOurs(record)) return core::Duration::zero();
  const auto at = std::lower_bound(servers_.begin(), servers_.end(), server_id_);
  return kTurn * (at - servers_.begin());
}

}  // namespace liveness::registry
