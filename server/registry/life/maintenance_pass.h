// One call of Registry::SetMaintenance: which records it looks at, and which of them it marks.
//
// A filter is asked without the lock, so a record may change between that and its mark. Such a record is
// looked at again, a few times; then the last look counts.
//
// Not thread-safe; needs no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "server/core/record/record.h"
#include "server/registry/records/types.h"

namespace liveness::registry {

class MaintenancePass {
 public:
  // `request` outlives it. `revision`: the last that is committed.
  MaintenancePass(const MaintenanceRequest& request, std::uint64_t revision);

  // Which records to look at, unless the request names one.
  ScanRequest scan() const;
  // Chooses what to mark from what the scan found.
  void Choose(ScanResult seen);
  void ChooseOne(std::optional<core::ClientView> view);

  bool HasNext() const { return next_ < chosen_.size(); }
  // True if of what was chosen nothing is marked yet.
  bool AtStart() const { return next_ == 0; }
  // The next record to mark, as it was looked at. REQUIRES: HasNext.
  const core::RecordPtr& TakeNext() { return chosen_[next_++].record; }
  // True if a record is marked although it has changed since it was looked at.
  bool marks_any() const { return !request_.matches || look_ == kLooks; }
  // The record has changed, to `view`, and is looked at again before it is marked.
  void LookAgainAt(core::ClientView view) { changed_.push_back(std::move(view)); }
  // The health of a marked client is another now.
  void CountChange() { ++result_.changed; }
  // All that was chosen is marked or has changed: goes on with what has changed and still matches.
  void LookAgain();

  MaintenanceResult Finish();

 private:
  // How often those are looked at that change while their filter is asked.
  static constexpr int kLooks = 4;

  bool IsDue(const core::ClientView& view) const;

  const MaintenanceRequest& request_;
  MaintenanceResult result_;
  std::vector<core::ClientView> chosen_;
  std::size_t next_ = 0;
  std::vector<core::ClientView> changed_;
  int look_ = 1;
};

}  // namespace liveness::registry
