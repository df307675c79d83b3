#include "server/registry/watch_hub.h"

#include <algorithm>
#include <utility>

namespace liveness::registry {

std::vector<std::shared_ptr<const Batch>> MakeBatches(const RecordFilter& filter,
                                                      const std::vector<core::TransitionPtr>& transitions) {
  std::vector<std::shared_ptr<const Batch>> batches;
  std::vector<core::TransitionPtr> open;
  core::GroupEvents groups;
  std::uint64_t last = 0;
  const auto close = [&] {
    if (!open.empty() || !groups.empty()) {
      batches.push_back(std::make_shared<Batch>(std::move(open), std::move(groups)));
    }
    open.clear();
    groups.clear();
  };
  for (const core::TransitionPtr& each : transitions) {
    if (open.size() + groups.size() >= kMaxBatch && each->revision() != last) close();
    if (Concerns(filter, *each)) open.push_back(each);
    if (each->groups != nullptr) groups.insert(groups.end(), each->groups->begin(), each->groups->end());
    last = each->revision();
  }
  close();
  return batches;
}

Mailbox::Mailbox(WatchHub& hub, const WatchRequest& request)
    : hub_(hub), filter_key_(request.filter_key), on_ready_(request.on_ready) {}

Mailbox::~Mailbox() {
  common::MutexLock lock(hub_.mu_);
  const auto at = hub_.groups_.find(filter_key_);
  std::erase(at->second.mailboxes, this);
  if (at->second.mailboxes.empty()) hub_.groups_.erase(at);
  --hub_.watchers_;
}

Mailbox::Taken Mailbox::Take(std::size_t max_transitions, std::uint64_t wanted_revision) {
  common::MutexLock lock(hub_.mu_);
  Taken taken;
  if (std::exchange(overrun_, false)) {
    taken.overrun = true;
    return taken;
  }
  std::size_t count = 0;
  while (!waiting_.empty() && (count == 0 || count + waiting_.front()->size() <= max_transitions)) {
    count += waiting_.front()->size();
    taken.batches.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_transitions_ -= count;
  taken.revision = waiting_.empty() ? hub_.published_ : taken.batches.back()->last_revision();
  idle_ = taken.batches.empty();
  wanted_revision_ = wanted_revision;
  return taken;
}

std::uint64_t Mailbox::Reset() {
  common::MutexLock lock(hub_.mu_);
  waiting_.clear();
  waiting_transitions_ = 0;
  overrun_ = false;
  idle_ = false;
  return hub_.published_;
}

bool Mailbox::overrun() const {
  common::MutexLock lock(hub_.mu_);
  return overrun_;
}

std::optional<std::uint64_t> Mailbox::Caught() const {
  common::MutexLock lock(hub_.mu_);
  if (overrun_ || !waiting_.empty()) return std::nullopt;
  return hub_.published_;
}

WatchHub::WatchHub(std::uint64_t start, std::size_t max_mailbox, std::size_t max_watchers)
    : max_mailbox_(max_mailbox), max_watchers_(max_watchers), published_(start) {}

std::shared_ptr<Mailbox> WatchHub::Open(const WatchRequest& request) {
  common::MutexLock lock(mu_);
  if (watchers_ >= max_watchers_) return nullptr;
  ++watchers_;
  std::shared_ptr<Mailbox> mailbox(new Mailbox(*this, request));
  mailbox->opened_at_ = published_;
  Group& group = groups_[request.filter_key];
  if (group.mailboxes.empty()) group.filter = request.filter;
  group.mailboxes.push_back(mailbox.get());
  return mailbox;
}

void WatchHub::Publish(const std::vector<core::TransitionPtr>& transitions, std::uint64_t revision,
                       bool lost) {
  std::vector<std::function<void()>> wakes;
  {
    common::MutexLock lock(mu_);
    published_ = revision;
    for (auto& [key, group] : groups_) {
      const auto batches = MakeBatches(group.filter, transitions);
      for (Mailbox* mailbox : group.mailboxes) {
        if (lost) Overrun(*mailbox);
        Deliver(*mailbox, batches);
        const bool something = mailbox->overrun_ || !mailbox->waiting_.empty();
        const bool reached = mailbox->wanted_revision_ != 0 && published_ >= mailbox->wanted_revision_;
        if (mailbox->idle_ && (something || reached)) {
          mailbox->idle_ = false;
          if (mailbox->on_ready_) wakes.push_back(mailbox->on_ready_);
        }
      }
    }
  }
  for (const auto& wake : wakes) wake();
}

void WatchHub::Deliver(Mailbox& mailbox, const std::vector<std::shared_ptr<const Batch>>& batches) {
  if (mailbox.overrun_) return;
  for (const auto& batch : batches) {
    mailbox.waiting_.push_back(batch);
    mailbox.waiting_transitions_ += batch->size();
  }
  if (mailbox.waiting_transitions_ > max_mailbox_) Overrun(mailbox);
}

void WatchHub::Overrun(Mailbox& mailbox) {
  mailbox.overrun_ = true;
  mailbox.waiting_.clear();
  mailbox.waiting_transitions_ = 0;
}

std::int64_t WatchHub::watchers() const {
  common::MutexLock lock(mu_);
  return static_cast<std::int64_t>(watchers_);
}

}  // namespace liveness::registry
