// Proposes changes as a registry does, one at a time for each client, and keeps
// all that it is told. Header only.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "common/strings.h"
#include "server/storage/store.h"

namespace liveness::testing {

// A record that begins a session of `client_id`.
inline core::ClientRecord NewSession(const std::string& client_id, common::WallTime now = {}) {
  core::ClientInfo info;
  info.client_id = client_id;
  info.instance_id = "instance-of-" + client_id;
  info.labels = {{"zone", "eu"}};
  info.peer_address = "10.0.0.1:4711";
  core::ClientRecord record;
  record.info = core::PackedInfo(info);
  record.server_id = std::make_shared<const std::string>("server-1");
  record.register_time = record.state_time = now;
  record.interval = std::chrono::seconds(1);
  record.timeout = std::chrono::seconds(3);
  record.state = core::State::kAlive;
  return record;
}

// Thread-safe, but for Use. Stop the store before this goes.
class StoreProposer final : public storage::StoreListener {
 public:
  // Starts the store; once. A proposer may go on to a store's next opening.
  void Use(storage::Store& store) {
    store_ = &store;
    store.Start(*this);
  }

  using Outcome = absl::StatusOr<core::RecordPtr>;

  // Proposes and does not wait; the outcome comes with Await.
  // REQUIRES: the outcome of the client's last proposal is known.
  std::uint64_t Propose(core::RecordPtr before, core::ClientRecord after, common::WallTime time = {}) {
    common::MutexLock registry(registry_mu_);
    const std::uint64_t id = next_++;
    core::RecordPtr committed = store_->Propose(
        {id, std::move(before), std::make_shared<const core::ClientRecord>(std::move(after)), time});
    if (committed == nullptr) return id;
    common::MutexLock lock(mu_);
    Keep({id, std::move(committed), time}, last_);
    return id;
  }

  // Waits for it. The store must come to an outcome some time.
  Outcome Await(std::uint64_t proposal) {
    common::MutexLock lock(mu_);
    while (outcomes_.find(proposal) == outcomes_.end()) changed_.Wait(mu_);
    return outcomes_.at(proposal);
  }
  bool Known(std::uint64_t proposal) const {
    common::MutexLock lock(mu_);
    return outcomes_.find(proposal) != outcomes_.end();
  }

  Outcome Change(core::RecordPtr before, core::ClientRecord after, common::WallTime time = {}) {
    return Await(Propose(std::move(before), std::move(after), time));
  }
  // Begins a session.
  Outcome Join(const std::string& client_id, common::WallTime time = {}) {
    return Change(nullptr, NewSession(client_id, time), time);
  }
  // The same record in another state.
  Outcome Move(const core::RecordPtr& before, core::State state, common::WallTime time = {}) {
    core::ClientRecord after = *before;
    after.state = state;
    return Change(before, std::move(after), time);
  }

  // All that it was told, in that order.
  std::vector<storage::Committed> told() const {
    common::MutexLock lock(mu_);
    return told_;
  }
  // What is wrong with the way it was told, e.g. a revision that did not grow; empty if nothing is.
  std::string disorder() const {
    common::MutexLock lock(mu_);
    return disorder_;
  }
  // Of each client, the last that was told; none for those that were forgotten.
  std::map<std::string, core::RecordPtr> Records() const {
    common::MutexLock lock(mu_);
    return records_;
  }

  // The servers that it was told last.
  std::vector<std::string> servers() const {
    common::MutexLock lock(mu_);
    return servers_;
  }

  void OnCommitting(std::vector<core::Transition>& changes) override {
    if (in_call_.exchange(true)) Complain("two calls at a time");
    if (on_committing) on_committing(changes);
    in_call_ = false;
  }
  void OnCommitted(std::vector<storage::Committed> changes) override {
    if (in_call_.exchange(true)) Complain("two calls at a time");
    {
      common::MutexLock lock(mu_);
      const std::uint64_t before = last_;  // those of one call may share a revision
      for (storage::Committed& change : changes) Keep(std::move(change), before);
    }
    in_call_ = false;
    if (on_told) on_told();
  }
  void OnRefused(std::uint64_t proposal, const absl::Status& why) override {
    if (in_call_.exchange(true)) Complain("two calls at a time");
    {
      common::MutexLock lock(mu_);
      if (!outcomes_.emplace(proposal, why).second) disorder_ += "an outcome told twice; ";
      changed_.NotifyAll();
    }
    in_call_ = false;
  }
  void OnServers(const std::vector<std::string>& server_ids) override {
    if (in_call_.exchange(true)) Complain("two calls at a time");
    {
      common::MutexLock lock(mu_);
      servers_ = server_ids;
      changed_.NotifyAll();
    }
    in_call_ = false;
  }

  void OnGap(std::uint64_t after, std::uint64_t until) override {
    if (in_call_.exchange(true)) Complain("two calls at a time");
    {
      common::MutexLock lock(mu_);
      if (after >= until || after < last_) disorder_ += "a gap of nothing, or of what was told; ";
      gaps_.emplace_back(after, until);
      gap_open_ = true;
    }
    in_call_ = false;
  }
  void OnGapTold(std::uint64_t until) override {
    if (in_call_.exchange(true)) Complain("two calls at a time");
    {
      common::MutexLock lock(mu_);
      if (!gap_open_ || gaps_.back().second != until || last_ > until) disorder_ += "the end of no gap; ";
      gap_open_ = false;
      last_ = until;
      changed_.NotifyAll();
    }
    in_call_ = false;
  }
  // The gaps that it was told, (first, second].
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps() const {
    common::MutexLock lock(mu_);
    return gaps_;
  }

  std::function<void(std::vector<core::Transition>&)> on_committing;  // on the store's thread; before Use
  std::function<void()> on_told;  // after each OnCommitted, on its thread; set before Use

 private:
  void Complain(const std::string& words) {
    common::MutexLock lock(mu_);
    disorder_ += words + "; ";
  }

  void Keep(storage::Committed change, std::uint64_t last_call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const core::RecordPtr& after = change.after;
    const std::string id(after->client_id());
    if (after->revision <= last_call || after->revision < last_) {
      disorder_ += common::StrCat("revision ", after->revision, " after ", last_, "; ");
    }
    last_ = after->revision;
    const auto known = records_.find(id);
    if (known != records_.end() && after->incarnation < known->second->incarnation) {
      disorder_ += common::StrCat("the incarnation of ", id, " went back; ");
    }
    if (after->state == core::State::kForgotten) {
      records_.erase(id);
    } else {
      records_[id] = after;
    }
    if (change.proposal != 0 && !outcomes_.emplace(change.proposal, after).second) {
      disorder_ += "an outcome told twice; ";
    }
    told_.push_back(std::move(change));
    changed_.NotifyAll();
  }

  storage::Store* store_ = nullptr;
  common::Mutex registry_mu_;  // as a registry's: proposals come one after the other
  std::uint64_t next_ ABSL_GUARDED_BY(registry_mu_) = 1;
  std::atomic<bool> in_call_{false};
  mutable common::Mutex mu_;
  common::CondVar changed_;
  std::uint64_t last_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<storage::Committed> told_ ABSL_GUARDED_BY(mu_);
  std::map<std::uint64_t, Outcome> outcomes_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, core::RecordPtr> records_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> servers_ ABSL_GUARDED_BY(mu_);
  std::string disorder_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps_ ABSL_GUARDED_BY(mu_);
  bool gap_open_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace liveness::testing
