#include "server/app/open_store.h"

#include "server/storage/memory_store.h"

namespace liveness::app {

absl::StatusOr<std::unique_ptr<storage::Store>> OpenStore(const Config&, const common::Clock& clock) {
  return std::make_unique<storage::MemoryStore>(clock);
}

}  // namespace liveness::app
