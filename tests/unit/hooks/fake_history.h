// A past that a test writes, and a delivery that it answers. Header only.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "server/hooks/delivery.h"
#include "server/registry/watch/watch_source.h"

namespace liveness::hooks {

// Not thread-safe.
class FakeHistory final : public registry::WatchSource {
 public:
  // Returns the revision.
  std::uint64_t Add(const std::string& id, core::State state = core::State::kDead,
                    core::Health health = core::Health::kOk, core::GroupEvents groups = {}) {
    return AddAt(++last_, id, state, health, std::move(groups));
  }
  // In the revision of the last.
  void AddTogether(const std::string& id) { AddAt(last_, id, core::State::kDead, core::Health::kOk, {}); }
  void Skip(std::uint64_t revisions) { last_ += revisions; }
  void AddGap(std::uint64_t after, std::uint64_t until) {
    gaps_.emplace_back(after, until);
    last_ = std::max(last_, until);
  }
  void CompactUpTo(std::uint64_t revision) {
    compacted_ = revision;
    std::erase_if(all_, [&](const auto& each) { return each->revision() <= revision; });
  }
  // A page holds no more than that.
  void set_most(std::size_t most) { most_ = most; }
  std::size_t reads() const { return reads_; }

  registry::ScanResult Scan(const registry::ScanRequest&) const override { return {}; }
  registry::HistoryPage HistoryAfter(std::uint64_t after, std::size_t limit) const override {
    ++reads_;
    registry::HistoryPage page;
    page.compacted = compacted_;
    page.revision = last_;
    for (const auto& gap : gaps_) {
      if (gap.second > after) page.gaps.push_back(gap);
    }
    const std::size_t most = std::min(limit, most_);
    for (const core::TransitionPtr& each : all_) {
      if (each->revision() <= after) continue;
      const bool full = page.transitions.size() >= most;
      if (full && page.transitions.back()->revision() != each->revision()) {
        page.stopped_at = page.transitions.back()->revision();
        return page;
      }
      page.transitions.push_back(each);
    }
    return page;
  }
  std::uint64_t revision() const override { return last_; }

 private:
  std::uint64_t AddAt(std::uint64_t revision, const std::string& id, core::State state, core::Health health,
                      core::GroupEvents groups) {
    core::ClientInfo info;
    info.client_id = id;
    info.labels = {{"team", id.substr(0, id.find('-'))}};
    core::ClientRecord after;
    after.info = core::PackedInfo(info);
    after.state = state;
    after.health = health;
    after.revision = revision;
    core::Transition transition{nullptr, std::make_shared<const core::ClientRecord>(after), {}};
    for (core::GroupEvent& group : groups) group.revision = revision;
    if (!groups.empty()) transition.groups = std::make_shared<const core::GroupEvents>(std::move(groups));
    all_.push_back(std::make_shared<const core::Transition>(std::move(transition)));
    return revision;
  }

  std::vector<core::TransitionPtr> all_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps_;
  std::uint64_t compacted_ = 0, last_ = 1'000;
  std::size_t most_ = 1'000'000;
  mutable std::size_t reads_ = 0;
};

// What is sent waits for the test's answer. Thread-safe.
class FakeDelivery final : public Delivery {
 public:
  // What is answered for `name` at once from now on, in place of waiting.
  void Answer(const std::string& name, Outcome outcome) {
    common::MutexLock lock(mu_);
    answers_[name] = std::move(outcome);
  }

  void Send(HookConfigPtr hook, EventPtr event, Done done) override {
    Outcome answer;
    {
      common::MutexLock lock(mu_);
      sent_.emplace_back(hook->name, event);
      changed_.NotifyAll();
      const auto known = answers_.find(hook->name);
      if (known == answers_.end()) {
        waiting_[hook->name] = std::move(done);
        return;
      }
      answer = known->second;
    }
    done(std::move(answer));
  }
  void Cancel(const std::string& name) override {
    {
      common::MutexLock lock(mu_);
      ++cancels_[name];
      changed_.NotifyAll();
      if (holds_cancels_) return;
    }
    (void)Finish(name, {Result::kCancelled});
  }
  void Stop() override {
    while (true) {
      std::string name;
      {
        common::MutexLock lock(mu_);
        if (waiting_.empty()) return;
        name = waiting_.begin()->first;
      }
      (void)Finish(name, {Result::kCancelled});
    }
  }
  // From now on what is cancelled takes its time, as a connection may: until Finish().
  void HoldCancels() {
    common::MutexLock lock(mu_);
    holds_cancels_ = true;
  }
  // Waits until it was asked to cancel. False if that takes too long.
  bool AwaitCancel(const std::string& name) {
    common::MutexLock lock(mu_);
    for (int n = 0; n < 2'000 && cancels_[name] == 0; ++n) {
      changed_.WaitFor(mu_, std::chrono::milliseconds(10));
    }
    return cancels_[name] != 0;
  }

  // False if nothing is on its way.
  bool Finish(const std::string& name, Outcome outcome = {}) {
    Done done;
    {
      common::MutexLock lock(mu_);
      const auto at = waiting_.find(name);
      if (at == waiting_.end()) return false;
      done = std::move(at->second);
      waiting_.erase(at);
    }
    done(std::move(outcome));
    return true;
  }
  bool in_flight(const std::string& name) const {
    common::MutexLock lock(mu_);
    return waiting_.contains(name);
  }
  std::vector<EventPtr> Sent(const std::string& name) const {
    common::MutexLock lock(mu_);
    return SentLocked(name);
  }
  // Waits until so many were sent. False if that takes too long.
  bool Await(const std::string& name, std::size_t count) {
    common::MutexLock lock(mu_);
    for (int n = 0; n < 2'000 && SentLocked(name).size() < count; ++n) {
      changed_.WaitFor(mu_, std::chrono::milliseconds(10));
    }
    return SentLocked(name).size() >= count;
  }

 private:
  std::vector<EventPtr> SentLocked(const std::string& name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    std::vector<EventPtr> sent;
    for (const auto& [hook, event] : sent_) {
      if (hook == name) sent.push_back(event);
    }
    return sent;
  }

  mutable common::Mutex mu_;
  common::CondVar changed_;
  std::map<std::string, Outcome> answers_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<std::string, EventPtr>> sent_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Done> waiting_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, int> cancels_ ABSL_GUARDED_BY(mu_);
  bool holds_cancels_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace liveness::hooks
