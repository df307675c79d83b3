// Invariant 4: a watch cannot lie.
//
// Three pictures of the same thing are kept and compared after every step:
//
//   the registry     what a query shows now
//   the story        every transition that was told, applied one by one
//   each watcher     its snapshot and transitions, applied as watch.h says
//
// The story must equal the registry now: nothing changes without a transition,
// and each transition starts from the record that the one before it left. A
// watcher's picture must equal the story at the revision that its last item
// names, restricted to what its filter lets through; and what it was told since
// must be exactly the story's transitions that concern it, in order, none left
// out, none twice. So what it missed can only be where it was told a gap.
//
// A gap throws a watcher's picture away until the snapshot after it is done. In
// a snapshot, parts may be younger than transitions that follow, so pictures
// are compared only from `snapshot_done` on; but what is told in between must
// be in the story, and in order.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "tests/simulation/rules/checker.h"
#include "tests/simulation/rules/same_record.h"

namespace liveness::simulation {

class HonestWatch final : public Checker {
 public:
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;
  void OnShown(const std::vector<core::RecordPtr>& records, MonoTime now) override;
  void OnWatch(int watcher, const registry::RecordFilter& filter, std::uint64_t start_revision) override;
  void OnPulled(int watcher, const registry::WatchItem& item) override;
  // Every watcher must have come to the story's end.
  void OnEnd() override;

 private:
  struct Watcher {
    registry::RecordFilter filter;
    Picture believes;
    Picture should_believe;       // the story up to `revision`
    std::size_t told = 0;         // how much of the story that is
    std::uint64_t revision = 0;   // of the last item that named one
    std::uint64_t last_told = 0;  // of the last transition
    bool live = false;            // no snapshot is under way
  };

  std::string Name(int number) const { return "watcher " + std::to_string(number); }
  void TakeTransitions(int number, Watcher& watcher, const registry::WatchItem& item);
  void CheckComplete(int number, Watcher& watcher, const registry::WatchItem& item);
  void ComparePictures(int number, const Watcher& watcher);
  // The first of the story above `revision`.
  std::size_t After(std::uint64_t revision) const;

  std::vector<core::TransitionPtr> story_;
  Picture registry_;  // by the story
  std::map<int, Watcher> watchers_;
};

}  // namespace liveness::simulation
