#include "server/http/discovery/service_changes.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/status.h"
#include "server/http/discovery/service_address.h"

namespace liveness::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr common::Duration kTick = seconds(10);
// Where too many jobs wait for the workers.
constexpr milliseconds kBusyPause{50};
// Pulled at a time, before other jobs have a turn.
constexpr int kMostItems = 16;

bool SameTags(const core::ClientRecord& a, const core::ClientRecord& b) {
  if (a.info.Is(b.info)) return true;
  if (a.info.label_count() != b.info.label_count()) return false;
  for (std::size_t i = 0; i < a.info.label_count(); ++i) {
    if (a.info.label(i) != b.info.label(i)) return false;
  }
  return true;
}

}  // namespace

std::string_view ServiceOf(const core::ClientRecord& record) {
  if (!core::IsLive(record.state) && record.state != core::State::kDead) return {};
  const std::string_view service = record.info.FindLabel(kServiceLabel).value_or(std::string_view());
  return service.empty() || !ServingAddress(record) ? std::string_view() : service;
}

void ServiceChanges::Wait(const std::shared_ptr<Exchange>& exchange, Question question,
                          std::function<void(const absl::Status&)> done) {
  if (question.after > registry_.revision()) return done(absl::OkStatus());
  const common::Duration patience = question.patience;
  std::uint64_t id = 0;
  absl::Status known = StartWatch();
  bool is_due = !known.ok();
  if (!is_due) {
    common::MutexLock lock(mu_);
    is_due = IsDue(question);
    if (!is_due && waiting_.size() >= kMostWaiting) {
      is_due = true;
      known = common::WithRetryDelay(
          common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
                        "too many requests wait for a change of a service; ask without index"),
          seconds(5));
    }
    if (!is_due) {
      id = ++last_id_;
      waiting_.emplace(id, Waiter{exchange, std::move(question), done});
    }
  }
  if (is_due) return done(known);
  exchange->OnGone([weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->Forget(id);
  });
  PullSoon();
  Tick(id, patience);
}

void ServiceChanges::Forget(std::uint64_t id) {
  std::map<std::uint64_t, Waiter>::node_type gone;  // goes without the lock
  common::MutexLock lock(mu_);
  gone = waiting_.extract(id);
}

absl::Status ServiceChanges::StartWatch() {
  {
    common::MutexLock lock(mu_);
    if (watch_ != nullptr) return absl::OkStatus();
  }
  const std::uint64_t revision = registry_.revision();
  registry::WatchRequest request{.start_revision = revision};
  request.on_ready = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    {
      common::MutexLock lock(self->mu_);
      self->ready_ = true;
    }
    self->PullSoon();
  };
  auto watch = registry_.StartWatch(std::move(request));
  if (!watch.ok()) return watch.status();
  common::MutexLock lock(mu_);
  watch_ = *std::move(watch);
  base_ = revision;
  ready_ = true;
  return absl::OkStatus();
}

void ServiceChanges::PullSoon() {
  std::shared_ptr<Exchange> exchange;
  {
    common::MutexLock lock(mu_);
    if (!ready_ || pulling_ || waiting_.empty()) return;
    pulling_ = true;
    ready_ = false;
    exchange = waiting_.begin()->second.exchange;
  }
  if (exchange->RunOnWorker([self = shared_from_this()] { self->Pull(); })) return;
  {
    common::MutexLock lock(mu_);
    pulling_ = false;
    ready_ = true;
  }
  exchange->Post(
      [self = shared_from_this(), exchange] { exchange->After(kBusyPause, [self] { self->PullSoon(); }); });
}

void ServiceChanges::Pull() {
  std::shared_ptr<registry::Watch> watch;
  {
    common::MutexLock lock(mu_);
    watch = watch_;
  }
  bool is_empty = false;
  for (int i = 0; i < kMostItems && !is_empty; ++i) is_empty = !TakeIn(watch->Next());
  {
    common::MutexLock lock(mu_);
    pulling_ = false;
    if (!is_empty) ready_ = true;
  }
  WakeChanged();
  PullSoon();
}

bool ServiceChanges::TakeIn(const registry::WatchItem& item) {
  for (const auto& batch : item.batches) Apply(batch->transitions());
  common::MutexLock lock(mu_);
  if (item.gap || item.snapshot_done) {
    // What happened meanwhile is not told one by one: everything may have changed.
    base_ = std::max({base_, item.revision, item.gap ? item.gap->resumes_at_revision : 0});
    changed_.clear();
  }
  return !item.empty();
}

void ServiceChanges::Apply(const std::vector<core::TransitionPtr>& transitions) {
  common::MutexLock lock(mu_);
  for (const core::TransitionPtr& transition : transitions) {
    const core::ClientRecord* const before = transition->before.get();
    const core::ClientRecord& after = *transition->after;
    const std::string_view was = before == nullptr ? std::string_view() : ServiceOf(*before);
    const std::string_view is = ServiceOf(after);
    if (!was.empty()) Note(was, transition->revision());
    if (!is.empty()) Note(is, transition->revision());
    if (was != is || (!is.empty() && !SameTags(*before, after))) list_changed_ = transition->revision();
  }
}

void ServiceChanges::Note(std::string_view service, std::uint64_t revision) {
  if (const auto known = changed_.find(service); known != changed_.end()) {
    known->second = revision;
  } else if (changed_.size() < kMostServices) {
    changed_.emplace(service, revision);
  } else {
    others_changed_ = revision;
  }
}

std::uint64_t ServiceChanges::Changed(const std::string& service) const {
  if (service.empty()) return std::max(base_, list_changed_);
  const auto known = changed_.find(service);
  return std::max(base_, known != changed_.end() ? known->second : others_changed_);
}

std::uint64_t ServiceChanges::ChangedAt(const std::string& service) const {
  common::MutexLock lock(mu_);
  return Changed(service);
}

bool ServiceChanges::IsDue(const Question& question) const {
  return Changed(question.service) > question.after;
}

void ServiceChanges::WakeChanged() {
  std::vector<Waiter> due;
  {
    common::MutexLock lock(mu_);
    for (auto waiter = waiting_.begin(); waiter != waiting_.end();) {
      if (IsDue(waiter->second.question)) {
        due.push_back(std::move(waiter->second));
        waiter = waiting_.erase(waiter);
      } else {
        ++waiter;
      }
    }
  }
  for (Waiter& waiter : due) {
    waiter.exchange->Post(
        [exchange = waiter.exchange, done = std::move(waiter.done)] { done(absl::OkStatus()); });
  }
}

void ServiceChanges::Tick(std::uint64_t id, common::Duration left) {
  std::function<void(const absl::Status&)> done;
  std::shared_ptr<Exchange> exchange;
  {
    common::MutexLock lock(mu_);
    const auto waiter = waiting_.find(id);
    if (waiter == waiting_.end()) return;
    exchange = waiter->second.exchange;
    if (left <= common::Duration::zero()) {
      done = std::move(waiter->second.done);
      waiting_.erase(waiter);
    }
  }
  if (done != nullptr) return done(absl::OkStatus());
  const common::Duration step = std::min(left, kTick);
  exchange->After(step, [self = shared_from_this(), id, left = left - step] { self->Tick(id, left); });
}

}  // namespace liveness::http
