#include "client/cli/top/fleet.h"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "client/cli/print/proto_text.h"

namespace liveness::cli::top {
namespace {

constexpr common::Duration kMinute = std::chrono::minutes(1);

// What needs attention has a small one.
int RankOf(const Row& row) {
  switch (row.state) {
    case v1::STATE_SUSPECT: return 0;
    case v1::STATE_DEAD: return 1;
    case v1::STATE_ALIVE: return row.health == v1::HEALTH_STALLED ? 2 : 3;
    case v1::STATE_LEFT: return 4;
    default: return 5;
  }
}

}  // namespace

std::string SortName(SortKey key) {
  switch (key) {
    case SortKey::kState: return "state";
    case SortKey::kName: return "name";
    case SortKey::kTime: return "time";
    case SortKey::kRtt: return "rtt";
    case SortKey::kHeartbeat: return "heartbeat";
  }
  return "";
}

void Fleet::Apply(Rows& rows, const v1::Client& client) {
  // A transition may come that a part of the snapshot has shown.
  const auto known = rows.find(client.client_id());
  if (known != rows.end() && client.revision() < known->second.revision) return;
  if (client.state() == v1::STATE_FORGOTTEN) {
    rows.erase(client.client_id());
    return;
  }
  Row& row = rows[client.client_id()];
  row.id = client.client_id();
  row.state = client.state();
  row.health = client.health();
  row.cause = client.cause();
  row.state_time = FromProto(client.state_time());
  row.revision = client.revision();
}

void Fleet::BeginSnapshot() {
  incoming_.clear();
  in_snapshot_ = true;
}

std::vector<std::string> Fleet::Take(const v1::WatchClientsResponse& response, common::MonoTime now) {
  std::vector<std::string> changed;
  if (response.has_gap()) BeginSnapshot();
  Rows& rows = in_snapshot_ ? incoming_ : rows_;
  if (!response.transitions().empty() || response.snapshot_done()) ++version_;
  for (const v1::Client& client : response.clients()) Apply(rows, client);
  for (const v1::Transition& transition : response.transitions()) {
    v1::Client client = transition.client();
    if (transition.to_state() == v1::STATE_FORGOTTEN) client.set_state(v1::STATE_FORGOTTEN);
    client.set_client_id(transition.client_id());
    client.set_revision(transition.revision());
    Apply(rows, client);
    changed.push_back(transition.client_id());
  }
  if (!changed.empty() && !in_snapshot_) {
    const bool same_second = !changes_.empty() && now - changes_.back().first < std::chrono::seconds(1);
    if (same_second) {
      changes_.back().second += changed.size();
    } else {
      changes_.emplace_back(now, changed.size());
    }
    while (now - changes_.front().first >= kMinute) changes_.pop_front();
  }
  if (response.snapshot_done()) {
    // Readings outlive a reconnect.
    for (auto& [id, row] : incoming_) {
      const auto known = rows_.find(id);
      if (known != rows_.end())
        std::tie(row.rtt, row.last_heartbeat) = std::tie(known->second.rtt, known->second.last_heartbeat);
    }
    rows_ = std::move(incoming_);
    incoming_.clear();
    in_snapshot_ = false;
    complete_ = true;
  }
  if (response.revision() > 0) revision_ = response.revision();
  return changed;
}

void Fleet::TakeReading(const v1::Client& client) {
  const auto found = rows_.find(client.client_id());
  if (found == rows_.end()) return;
  ++version_;
  Row& row = found->second;
  row.rtt.reset();
  row.last_heartbeat.reset();
  if (client.has_rtt()) row.rtt = FromProto(client.rtt());
  if (client.has_last_heartbeat_time()) row.last_heartbeat = FromProto(client.last_heartbeat_time());
}

void Fleet::Remove(const std::string& id) {
  ++version_;
  rows_.erase(id);
}

void Fleet::ForgetReadings() {
  ++version_;
  for (auto& [id, row] : rows_) {
    row.rtt.reset();
    row.last_heartbeat.reset();
  }
}

std::size_t Fleet::Count(v1::State state) const {
  return static_cast<std::size_t>(std::count_if(
      rows_.begin(), rows_.end(), [state](const auto& each) { return each.second.state == state; }));
}

std::size_t Fleet::ChangesPerMinute(common::MonoTime now) const {
  std::size_t count = 0;
  for (const auto& [at, changes] : changes_) count += now - at < kMinute ? changes : 0;
  return count;
}

std::vector<const Row*> Ordered(const Fleet& fleet, SortKey key) {
  std::vector<const Row*> rows;
  rows.reserve(fleet.rows().size());
  for (const auto& [id, row] : fleet.rows()) rows.push_back(&row);
  // They are in the order of their names now, and what is equal stays so.
  const auto by = [&rows](const auto& before) { std::stable_sort(rows.begin(), rows.end(), before); };
  switch (key) {
    case SortKey::kName: break;
    case SortKey::kState:
      by([](const Row* a, const Row* b) {
        const int left = RankOf(*a), right = RankOf(*b);
        return left != right ? left < right : left < 3 && a->state_time > b->state_time;
      });
      break;
    case SortKey::kTime: by([](const Row* a, const Row* b) { return a->state_time > b->state_time; }); break;
    case SortKey::kRtt:
      by([](const Row* a, const Row* b) { return a->rtt && (!b->rtt || *a->rtt > *b->rtt); });
      break;
    case SortKey::kHeartbeat:
      by([](const Row* a, const Row* b) {
        return a->last_heartbeat && (!b->last_heartbeat || *a->last_heartbeat < *b->last_heartbeat);
      });
      break;
  }
  return rows;
}

}  // namespace liveness::cli::top
