#include "tests/conformance/backends.h"

#include "server/storage/memory_store.h"
#include "server/storage/sqlite_store.h"
#include "tests/support/temp_dir.h"

namespace liveness::conformance {
namespace {

class Memory final : public Home {
 public:
  absl::StatusOr<std::unique_ptr<storage::Store>> Open(const common::Clock& clock) override {
    return std::make_unique<storage::MemoryStore>(clock);
  }
};

enum class Place { kFile, kSyncedFile, kMemory };

template <Place kPlace>
class Sqlite final : public Home {
 public:
  absl::StatusOr<std::unique_ptr<storage::Store>> Open(const common::Clock& clock) override {
    storage::SqliteOptions options;
    options.path = kPlace == Place::kMemory ? std::string(storage::kInMemory) : dir_.file("liveness.db");
    options.fsync_always = kPlace == Place::kSyncedFile;
    options.revision_block = 64;  // so that tests come to its end
    return storage::SqliteStore::Open(options, clock);
  }

 private:
  testing::TempDir dir_{testing::TempDir::On::kMemory};
};

template <typename Made>
std::unique_ptr<Home> Make() {
  return std::make_unique<Made>();
}

}  // namespace

std::vector<Backend> Backends() {
  return {
      // name, kind, shared, durable, has_history
      {"Memory", "memory", false, false, false, Make<Memory>},
      {"Sqlite", "sqlite", false, true, true, Make<Sqlite<Place::kFile>>},
      {"SqliteSynced", "sqlite", false, true, true, Make<Sqlite<Place::kSyncedFile>>},
      {"SqliteInMemory", "sqlite", false, false, true, Make<Sqlite<Place::kMemory>>},
  };
}

std::vector<Backend> Only(bool Backend::*what) {
  std::vector<Backend> backends = Backends();
  std::erase_if(backends, [what](const Backend& backend) { return !(backend.*what); });
  return backends;
}

}  // namespace liveness::conformance
