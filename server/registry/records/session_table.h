// All clients by id, with their counts, in the order of their ids.
//
// A client's entry is its latest session, live or ended. Not thread-safe: the
// registry guards it with its lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "server/core/record/record.h"
#include "server/registry/records/ended_sessions.h"
#include "server/registry/records/label_counts.h"
#include "server/registry/records/session.h"

namespace liveness::registry {

// Kept up to date by every transition: reading them scans nothing.
struct Counts {
  std::int64_t alive = 0, suspect = 0, dead = 0, left = 0, stalled = 0, maintenance = 0;
  // `sign` is +1 or -1.
  void Add(const core::ClientRecord& record, std::int64_t sign);
  std::int64_t live() const { return alive + suspect; }
  std::int64_t ended() const { return dead + left; }
};

// The same by state and by health, each by its number.
using CountsByHealth = std::array<std::array<std::int64_t, static_cast<std::size_t>(core::kLastHealth) + 1>,
                                  static_cast<std::size_t>(core::kLastState) + 1>;

class SessionTable {
 public:
  // `count_labels`: keys of labels whose values are counted.
  explicit SessionTable(const std::vector<std::string>& count_labels = {}) : label_counts_(count_labels) {}

  using Sessions = absl::btree_map<std::string_view, std::shared_ptr<Session>>;

  std::shared_ptr<Session> Find(std::string_view client_id) const;  // null if unknown

  // True if `session` is its client's latest.
  bool IsCurrent(const Session& session) const;

  // Gives `session` a new record. It becomes its client's entry if it was not.
  void SetRecord(const std::shared_ptr<Session>& session, core::RecordPtr record);

  // Drops the entry. REQUIRES: IsCurrent(session).
  void Erase(const std::shared_ptr<Session>& session);

  // Of those that have ended the one to forget first (ended_sessions.h); null if none has.
  std::shared_ptr<Session> FirstToForget() const;

  // The other live clients of a record's host; nothing if it gave none.
  core::HostEvidence NeighboursOf(const core::ClientRecord& record) const;

  const Counts& counts() const { return counts_; }
  const CountsByHealth& counts_by_health() const { return counts_by_health_; }
  const LabelCounts& label_counts() const { return label_counts_; }
  const Sessions& sessions() const { return sessions_; }

 private:
  void AddToCounts(const core::ClientRecord& record, std::int64_t sign);
  void CountHost(const core::ClientRecord& record, std::int64_t sign);
  void Forget(const core::ClientRecord& record);
  void Count(const core::ClientRecord& record);

  // Keys are views of the record's own client_id.
  Sessions sessions_;
  Counts counts_;
  CountsByHealth counts_by_health_{};
  LabelCounts label_counts_;
  absl::btree_map<std::string, core::HostEvidence, std::less<>> hosts_;  // of live clients
  EndedSessions ended_;
};

}  // namespace liveness::registry
