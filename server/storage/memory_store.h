// A store that forgets: everything lives as long as the process. It commits at once.
//
// Revisions start at the wall clock in microseconds, so that revisions and
// incarnations have grown when a restarted server gives out new ones: it would
// take a million transitions a second, sustained, to outrun the clock.
#pragma once

#include <atomic>
#include <string>

#include "common/clock.h"
#include "server/storage/notes/local_notes.h"
#include "server/storage/store.h"

namespace liveness::storage {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const common::Clock& clock);

  std::string_view kind() const override { return "memory"; }
  const std::string& history_id() const override { return history_id_; }
  const TokenKey& token_key() const override { return token_key_; }
  absl::StatusOr<Contents> Load() override;
  void Start(StoreListener&) override {}
  void Stop() override {}
  core::RecordPtr Propose(Proposal proposal) override;
  absl::StatusOr<HistoryPart> ReadHistory(const HistoryQuery& query) const override;
  Notes& notes() override { return notes_; }

 private:
  std::string history_id_;
  TokenKey token_key_{};
  LocalNotes notes_;
  std::atomic<std::uint64_t> last_revision_;
};

}  // namespace liveness::storage
