#include "server/storage/memory_store.h"

#include "common/random.h"

namespace liveness::storage {

MemoryStore::MemoryStore(const common::Clock& clock)
    : history_id_(common::RandomHexId().substr(0, 16)),
      last_revision_(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(clock.Wall().time_since_epoch()).count())) {
  common::RandomBytes(token_key_);
}

}  // namespace liveness::storage
