#include "server/storage/memory_store.h"

#include "common/random.h"

namespace liveness::storage {

MemoryStore::MemoryStore(const common::Clock& clock)
    : history_id_(common::RandomHexId().substr(0, 16)),
      last_revision_(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(clock.Wall().time_since_epoch()).count())) {
  common::RandomBytes(token_key_);
}

absl::StatusOr<Contents> MemoryStore::Load() {
  return Contents{{}, last_revision_.load(std::memory_order_relaxed)};
}

core::RecordPtr MemoryStore::Propose(Proposal proposal) {
  return Stamped(*proposal.after, last_revision_.fetch_add(1, std::memory_order_relaxed) + 1);
}

absl::StatusOr<HistoryPart> MemoryStore::ReadHistory(const HistoryQuery&) const {
  return absl::UnimplementedError("a memory store keeps no history of its own");
}

}  // namespace liveness::storage
