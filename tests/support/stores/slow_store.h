// A store that can be made to hang: it takes changes and commits none before it is let go,
// or stopped, as one that has to commit what was proposed "as far as that can be done soon".
// Header only.
#pragma once

#include <string>
#include <utility>

#include "tests/support/stores/faulty_store.h"

namespace liveness::testing {

// Thread-safe as a store is. What hung is told on the thread that lets go.
class SlowStore final : public storage::Store {
 public:
  // `inner` outlives it.
  explicit SlowStore(storage::Store& inner) : store_(inner) {}

  void Hang() {
    store_.SetPlan([](std::uint64_t, const storage::Proposal&) {
      return FaultyStore::Fault{FaultyStore::Fault::Kind::kHold, absl::OkStatus()};
    });
  }
  void LetGo() {
    store_.SetPlan({});
    store_.Deliver();
  }
  // Commits up to `most` of what hangs, and hangs on.
  std::size_t Deliver(std::size_t most) { return store_.Deliver(most); }
  std::size_t waiting() const { return store_.waiting(); }

  std::string_view kind() const override { return store_.kind(); }
  const std::string& history_id() const override { return store_.history_id(); }
  const storage::TokenKey& token_key() const override { return store_.token_key(); }
  absl::StatusOr<storage::Contents> Load() override { return store_.Load(); }
  void Start(storage::StoreListener& listener) override { store_.Start(listener); }
  void Stop() override {
    LetGo();
    store_.Stop();
  }
  core::RecordPtr Propose(storage::Proposal proposal) override { return store_.Propose(std::move(proposal)); }
  storage::Notes& notes() override { return store_.notes(); }
  absl::StatusOr<storage::HistoryPart> ReadHistory(const storage::HistoryQuery& query) const override {
    return store_.ReadHistory(query);
  }

 private:
  FaultyStore store_;
};

}  // namespace liveness::testing
