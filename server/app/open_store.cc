#include "server/app/open_store.h"

#include <spdlog/spdlog.h>

#include "server/storage/memory_store.h"
#include "server/storage/sqlite_store.h"

namespace liveness::app {

absl::StatusOr<std::unique_ptr<storage::Store>> OpenStore(const Config& config, const common::Clock& clock) {
  if (config.store == "memory") return std::make_unique<storage::MemoryStore>(clock);
  if (config.store == "sqlite") {
    storage::SqliteOptions options;
    options.path = config.data_dir + "/liveness.db";
    options.fsync_always = config.fsync_always;
    options.log = [](std::string_view line) { spdlog::warn("store: {}", line); };
    return storage::SqliteStore::Open(std::move(options), clock);
  }
  return absl::InvalidArgumentError("--store=etcd is not built in yet; use sqlite");
}

}  // namespace liveness::app
