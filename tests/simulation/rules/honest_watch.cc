#include "tests/simulation/rules/honest_watch.h"

#include <algorithm>

namespace liveness::simulation {
namespace {

std::string Text(const core::ClientRecord& record) {
  return Who(record) + " " + std::string(core::Name(record.state)) + " at " + std::to_string(record.revision);
}

// As it was told, or as the history of a later life has it.
bool SameTransition(const core::Transition& a, const core::Transition& b) {
  const auto same = [](const core::RecordPtr& x, const core::RecordPtr& y) {
    if (x == nullptr || y == nullptr) return x == y;
    return SameRecord(*x, *y) || SameRecord(*y, *x);
  };
  return same(a.after, b.after) && same(a.before, b.before);
}

std::string Text(const core::TransitionPtr& told) { return told == nullptr ? "nothing" : Text(*told->after); }

}  // namespace

void HonestWatch::OnTold(const core::TransitionPtr& told, MonoTime) {
  const core::ClientRecord& after = *told->after;
  if (!story_.empty() && told->revision() <= story_.back()->revision()) {
    Complain(Text(told) + " told", "a revision above " + std::to_string(story_.back()->revision()),
             std::to_string(told->revision()));
  }
  const auto known = registry_.find(after.client_id());
  const bool was_known = known != registry_.end();
  if (was_known != (told->before != nullptr)) {
    Complain(Text(told) + " told", was_known ? Text(*known->second) + " before it" : "nothing before it",
             told->before == nullptr ? "nothing" : Text(*told->before));
  } else if (was_known && !SameRecord(*told->before, *known->second)) {
    Complain(Text(told) + " told", Text(*known->second) + " before it", Text(*told->before));
  }
  story_.push_back(told);
  Put(registry_, told->after);
}

void HonestWatch::OnShown(const std::vector<core::RecordPtr>& records, MonoTime) {
  for (const core::RecordPtr& record : records) {
    const auto told = registry_.find(record->client_id());
    if (told == registry_.end()) {
      Complain("a query shows " + Text(*record), "a transition that made it", "none");
    } else if (!SameRecord(*record, *told->second)) {
      Complain("a query shows " + Text(*record), Text(*told->second), "another record");
    }
  }
  if (records.size() != registry_.size()) {
    Complain("a query shows", std::to_string(registry_.size()) + " clients", std::to_string(records.size()));
  }
}

void HonestWatch::OnWatch(int number, const registry::RecordFilter& filter, std::uint64_t start_revision) {
  Watcher& watcher = watchers_[number];
  watcher.filter = filter;
  watcher.live = start_revision != 0;
  if (!watcher.live) watcher.believes.clear();
}

void HonestWatch::OnPulled(int number, const registry::WatchItem& item) {
  Watcher& watcher = watchers_[number];
  if (item.gap) {
    if (item.gap->resumes_at_revision < watcher.last_told) {
      Complain(Name(number) + " after a gap", "to go on from " + std::to_string(watcher.last_told),
               std::to_string(item.gap->resumes_at_revision));
    }
    watcher.live = false;
    watcher.believes.clear();
  }
  if (watcher.live && !item.clients.empty()) Complain(Name(number), "no snapshot without a gap", "one");
  for (const core::ClientView& view : item.clients) Put(watcher.believes, view.record);
  TakeTransitions(number, watcher, item);
  if (item.revision == 0) return;
  if (item.revision < watcher.revision || (!story_.empty() && item.revision > story_.back()->revision())) {
    Complain(Name(number) + " told of revision " + std::to_string(item.revision),
             "one from " + std::to_string(watcher.revision) + " on that exists", "another");
  }
  CheckComplete(number, watcher, item);
  watcher.revision = std::max(watcher.revision, item.revision);
  if (item.snapshot_done) watcher.live = true;
  if (watcher.live) ComparePictures(number, watcher);
}

void HonestWatch::TakeTransitions(int number, Watcher& watcher, const registry::WatchItem& item) {
  for (const auto& batch : item.batches) {
    for (const core::TransitionPtr& each : batch->transitions()) {
      const std::size_t at = After(each->revision() - 1);
      if (at == story_.size() || !SameTransition(*story_[at], *each)) {
        Complain(Name(number) + " told of " + Text(each), "a transition of the registry", "none of it");
      }
      if (each->revision() <= watcher.last_told) {
        Complain(Name(number) + " told of " + Text(each), "more than " + std::to_string(watcher.last_told),
                 "an older one");
      }
      watcher.last_told = std::max(watcher.last_told, each->revision());
      Put(watcher.believes, each->after);
    }
  }
}

void HonestWatch::CheckComplete(int number, Watcher& watcher, const registry::WatchItem& item) {
  std::vector<core::TransitionPtr> missing;
  for (; watcher.told < story_.size() && story_[watcher.told]->revision() <= item.revision; ++watcher.told) {
    const core::TransitionPtr& next = story_[watcher.told];
    Put(watcher.should_believe, next->after);
    if (registry::Concerns(watcher.filter, *next)) missing.push_back(next);
  }
  if (!watcher.live) return;
  std::size_t at = 0;
  for (const auto& batch : item.batches) {
    for (const core::TransitionPtr& each : batch->transitions()) {
      const core::TransitionPtr due = at < missing.size() ? missing[at] : nullptr;
      if (due == nullptr || due->revision() != each->revision()) {
        return Complain(Name(number) + " told of " + Text(each), Text(due), "another one");
      }
      ++at;
    }
  }
  if (at < missing.size()) {
    Complain(Name(number) + " at revision " + std::to_string(item.revision), Text(missing[at]), "not told");
  }
}

void HonestWatch::ComparePictures(int number, const Watcher& watcher) {
  const auto wants = [&](const core::RecordPtr& record) {
    return !watcher.filter || watcher.filter(*record);
  };
  std::size_t wanted = 0;
  for (const auto& [id, record] : watcher.should_believe) {
    if (!wants(record)) continue;
    ++wanted;
    const auto believed = watcher.believes.find(id);
    // Of a snapshot the watcher may know an attachment that no transition told.
    if (believed == watcher.believes.end() || !SameRecord(*believed->second, *record)) {
      Complain(Name(number) + " at revision " + std::to_string(watcher.revision), "to know " + Text(*record),
               believed == watcher.believes.end() ? "nothing" : Text(*believed->second));
    }
  }
  std::size_t believed = 0;
  for (const auto& [id, record] : watcher.believes) believed += wants(record) ? 1 : 0;
  if (believed != wanted) {
    Complain(Name(number) + " at revision " + std::to_string(watcher.revision),
             std::to_string(wanted) + " clients", std::to_string(believed));
  }
}

void HonestWatch::OnEnd() {
  const std::uint64_t last = story_.empty() ? 0 : story_.back()->revision();
  for (const auto& [number, watcher] : watchers_) {
    if (watcher.revision < last || !watcher.live) {
      Complain(Name(number) + " at the end", "revision " + std::to_string(last),
               std::to_string(watcher.revision));
    }
  }
}

std::size_t HonestWatch::After(std::uint64_t revision) const {
  const auto at =
      std::upper_bound(story_.begin(), story_.end(), revision,
                       [](std::uint64_t wanted, const auto& each) { return wanted < each->revision(); });
  return static_cast<std::size_t>(at - story_.begin());
}

}  // namespace liveness::simulation
