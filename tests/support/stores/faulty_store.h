// A store before a store, which delays and refuses proposals by their number: for
// tests of who proposes. Header only.
//
// Nothing happens by itself: what is held or refused is told when the test says
// Deliver, on the test's own thread. What passes is as the inner store has it.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "server/storage/store.h"

namespace liveness::testing {

// Thread-safe as a store is; Deliver not from two threads at a time.
class FaultyStore final : public storage::Store, private storage::StoreListener {
 public:
  struct Fault {
    enum class Kind {
      kPass,
      kHold,    // reaches the inner store at Deliver
      kRefuse,  // never reaches it; `why` is told at Deliver
    };
    Kind kind = Kind::kPass;
    absl::Status why;
  };
  // What becomes of the n-th proposal (1: the first). Called under the store's lock.
  using Plan = std::function<Fault(std::uint64_t n, const storage::Proposal& proposal)>;

  // `inner` outlives it.
  explicit FaultyStore(storage::Store& inner, Plan plan = {}) : inner_(inner), plan_(std::move(plan)) {}

  void SetPlan(Plan plan) {
    common::MutexLock lock(mu_);
    plan_ = std::move(plan);
  }
  void SetHealth(absl::Status health) {
    common::MutexLock lock(mu_);
    health_ = std::move(health);
  }
  // Proposals held or refused that are not delivered yet.
  std::size_t waiting() const {
    common::MutexLock lock(mu_);
    return waiting_.size();
  }
  // Proposals so far.
  std::uint64_t proposed() const {
    common::MutexLock lock(mu_);
    return proposed_;
  }
  // Tells the outcome of up to `most` that wait, oldest first; what is proposed
  // meanwhile counts. Returns how many it was.
  std::size_t Deliver(std::size_t most = static_cast<std::size_t>(-1)) {
    std::size_t delivered = 0;
    for (; delivered < most; ++delivered) {
      Waiting next;
      {
        common::MutexLock lock(mu_);
        if (waiting_.empty()) break;
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      if (next.fault.kind == Fault::Kind::kRefuse) {
        listener_->OnRefused(next.proposal.id, next.fault.why);
        continue;
      }
      const std::uint64_t id = next.proposal.id;
      const core::WallTime time = next.proposal.time;
      core::RecordPtr after = inner_.Propose(std::move(next.proposal));
      if (after != nullptr) listener_->OnCommitted({{id, std::move(after), time}});
    }
    return delivered;
  }

  std::string_view kind() const override { return inner_.kind(); }
  const std::string& history_id() const override { return inner_.history_id(); }
  const storage::TokenKey& token_key() const override { return inner_.token_key(); }
  bool shared() const override { return inner_.shared(); }
  bool has_lease() const override { return inner_.has_lease(); }
  absl::StatusOr<storage::Contents> Load() override { return inner_.Load(); }
  void Start(storage::StoreListener& listener) override {
    listener_ = &listener;
    inner_.Start(*this);
  }
  void Stop() override { inner_.Stop(); }
  core::RecordPtr Propose(storage::Proposal proposal) override {
    {
      common::MutexLock lock(mu_);
      ++proposed_;
      Fault fault = plan_ ? plan_(proposed_, proposal) : Fault{};
      if (fault.kind != Fault::Kind::kPass) {
        waiting_.push_back({std::move(fault), std::move(proposal)});
        return nullptr;
      }
    }
    return inner_.Propose(std::move(proposal));
  }
  storage::Notes& notes() override { return inner_.notes(); }
  absl::StatusOr<storage::HistoryPart> ReadHistory(const storage::HistoryQuery& query) const override {
    return inner_.ReadHistory(query);
  }
  void OnLostRevision(std::uint64_t revision) override { inner_.OnLostRevision(revision); }
  std::optional<std::uint64_t> compacted() const override { return inner_.compacted(); }
  absl::Status health() const override {
    common::MutexLock lock(mu_);
    return health_.ok() ? inner_.health() : health_;
  }

 private:
  struct Waiting {
    Fault fault;
    storage::Proposal proposal;
  };

  void OnCommitting(std::vector<core::Transition>& changes) override { listener_->OnCommitting(changes); }
  void OnCommitted(std::vector<storage::Committed> changes) override {
    listener_->OnCommitted(std::move(changes));
  }
  void OnRefused(std::uint64_t proposal, const absl::Status& why) override {
    listener_->OnRefused(proposal, why);
  }
  void OnServers(const std::vector<std::string>& server_ids) override { listener_->OnServers(server_ids); }
  void OnGap(std::uint64_t after, std::uint64_t until) override { listener_->OnGap(after, until); }
  void OnGapTold(std::uint64_t until) override { listener_->OnGapTold(until); }

  storage::Store& inner_;
  storage::StoreListener* listener_ = nullptr;
  mutable common::Mutex mu_;
  Plan plan_ ABSL_GUARDED_BY(mu_);
  absl::Status health_ ABSL_GUARDED_BY(mu_);
  std::uint64_t proposed_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
};

// Holds proposal `n`, or refuses it, and passes all others.
inline FaultyStore::Plan HoldThe(std::uint64_t n) {
  return [n](std::uint64_t number, const storage::Proposal&) {
    return number == n ? FaultyStore::Fault{FaultyStore::Fault::Kind::kHold, {}} : FaultyStore::Fault{};
  };
}
inline FaultyStore::Plan RefuseThe(std::uint64_t n, absl::Status why) {
  return [n, why](std::uint64_t number, const storage::Proposal&) {
    return number == n ? FaultyStore::Fault{FaultyStore::Fault::Kind::kRefuse, why} : FaultyStore::Fault{};
  };
}
// Holds all of them.
inline FaultyStore::Plan HoldAll() {
  return [](std::uint64_t, const storage::Proposal&) {
    return FaultyStore::Fault{FaultyStore::Fault::Kind::kHold, {}};
  };
}

}  // namespace liveness::testing
