// Which etcd this is, told by what no restored one has: so that a server that starts on an etcd that was
// restored from a copy notices, whoever forgot to say so.
//
// Every write takes an entry of Raft's log and grows the revision by one; elections and leases take entries
// and do not. So the entries that are no writes never become fewer. `etcdctl snapshot restore` keeps the
// revision and begins a new log: by as much as the copy holds they are fewer then. The cluster's own number
// changes too where it is restored under another token.
//
//   log 1 2 3 4 5 6 7 8 ...            entries 8, revision 5: at least 3 are no writes
//   restored: revision 5, log 1 2      entries 2, revision 5: -3
//
// A copy of the members' own files keeps all of it, and is found out by what clients hold (store.h:
// OnLostRevision).
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "server/storage/etcd/layout.h"

namespace liveness::storage::etcd {

struct Origin {
  std::uint64_t cluster_id = 0;
  std::int64_t other_entries = 0;  // of Raft's log, that are no writes: at least so many
  bool operator==(const Origin&) const = default;
};

std::string EncodeOrigin(const Origin& origin);
std::optional<Origin> DecodeOrigin(std::string_view text);

// What was seen of an etcd: entries before and after its revision was asked for.
struct OriginFacts {
  std::uint64_t cluster_id = 0;
  std::int64_t entries_before = 0;
  std::int64_t revision = 0;
  std::int64_t entries_after = 0;

  // What is certain of it, to be kept.
  Origin Certain() const { return {cluster_id, entries_before - revision}; }
  // True if this etcd cannot be the one of which `kept` was certain.
  bool IsAfterRestoring(const Origin& kept) const {
    return cluster_id != kept.cluster_id || entries_after - revision < kept.other_entries;
  }
};

// The line of revisions that follows `history` in an etcd that went back to `etcd_revision`: above the wall
// clock, and above `given`, which somebody holds, if there is such.
History NextHistory(const History& history, std::int64_t etcd_revision, std::uint64_t given,
                    common::WallTime now);

}  // namespace liveness::storage::etcd
