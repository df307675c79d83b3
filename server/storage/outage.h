// What is told and not on disk, while the disk fails.
//
// Changes of sessions that exist are told all the same, under revisions that were
// reserved before (DESIGN section 5, invariant 5). The latest record of each
// client and the range of revisions are kept here until they are written; tries come
// at 100 ms, 200 ms ... 1 s. What there is to write may be every client's record: it
// goes part by part, and what is told meanwhile joins the rest. The outage is over
// when nothing is left.
//
// Not thread-safe; `now` is an argument. At most one record for each client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"
#include "server/core/record/record.h"
#include "server/storage/sqlite_writer.h"

namespace liveness::storage {

class Outage {
 public:
  static constexpr common::Duration kFirstRetry = std::chrono::milliseconds(100);
  static constexpr common::Duration kMaxRetry = std::chrono::seconds(1);

  // A write failed. `last`: the last revision that was given out before.
  void Failed(std::uint64_t last, common::MonoTime now);
  bool active() const { return active_; }
  // REQUIRES: active().
  common::MonoTime retry_at() const { return retry_at_; }

  // A change was told under its revision. REQUIRES: active(), and a revision above the last.
  void Told(core::RecordPtr after);
  // Of what must be written, as many as that.
  std::vector<core::RecordPtr> Some(std::size_t most) const;
  // Of which history will not know; empty if nothing was told.
  RevisionRange gap() const { return gap_; }
  // These of Some(), and gap(), are on disk. True if nothing is left: the outage is over.
  bool Wrote(const std::vector<core::RecordPtr>& some);
  // How many were written since it began.
  std::size_t written() const { return written_; }

 private:
  bool active_ = false;
  RevisionRange gap_;
  common::Duration pause_ = kFirstRetry;  // before the next try
  common::MonoTime retry_at_{};
  std::size_t written_ = 0;
  absl::flat_hash_map<std::string, core::RecordPtr> latest_;
};

}  // namespace liveness::storage
