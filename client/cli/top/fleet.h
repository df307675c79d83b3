// All clients that `livenessctl top` follows, as its watch tells them. Not thread-safe.
//
// Rows change when the watch says so. A round trip and a last heartbeat are no transitions: they are
// readings, asked for apart, of the rows that are looked at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli::top {

struct Row {
  std::string id;
  v1::State state = v1::STATE_UNSPECIFIED;
  v1::Health health = v1::HEALTH_UNSPECIFIED;
  v1::Cause cause = v1::CAUSE_UNSPECIFIED;
  common::WallTime state_time{};
  std::uint64_t revision = 0;
  std::optional<common::Duration> rtt;
  std::optional<common::WallTime> last_heartbeat;
};

enum class SortKey { kState, kName, kTime, kRtt, kHeartbeat };
inline constexpr int kSortKeys = 5;

// `state`, `name`, `time`, `rtt`, `heartbeat`. Pure.
std::string SortName(SortKey key);

class Fleet {
 public:
  using Rows = std::map<std::string, Row, std::less<>>;

  // A message of the watch. Returns the ids of the clients that changed: under a filter, the server is to be
  // asked whether they still match. `now`: when it came.
  std::vector<std::string> Take(const v1::WatchClientsResponse& response, common::MonoTime now);
  // A new stream begins, from a snapshot. What is known stands until that is complete.
  void BeginSnapshot();
  // What a query answered of a client. Of one that the watch has not told nothing is noted.
  void TakeReading(const v1::Client& client);
  void ForgetReadings();
  // The client does not match the filter any more.
  void Remove(const std::string& id);

  const Rows& rows() const { return rows_; }
  // False until the first snapshot is complete.
  bool is_complete() const { return complete_; }
  std::uint64_t revision() const { return revision_; }
  std::size_t Count(v1::State state) const;
  // Another number whenever a row is another than before: until then what was made of the rows holds.
  std::uint64_t version() const { return version_; }
  // Transitions of the last minute, those that a snapshot stands for left out.
  std::size_t ChangesPerMinute(common::MonoTime now) const;

 private:
  void Apply(Rows& rows, const v1::Client& client);

  Rows rows_;
  Rows incoming_;  // of the snapshot that is being read
  bool in_snapshot_ = true;
  bool complete_ = false;
  std::uint64_t revision_ = 0;
  std::uint64_t version_ = 0;
  // How many transitions came in each second of the last minute.
  std::deque<std::pair<common::MonoTime, std::size_t>> changes_;
};

// The rows in the order of `key`. What needs attention comes first: kState has SUSPECT, DEAD, STALLED, then
// the rest, kTime the latest change, kRtt the slowest, kHeartbeat the one that has been silent for longest.
std::vector<const Row*> Ordered(const Fleet& fleet, SortKey key);

}  // namespace liveness::cli::top
