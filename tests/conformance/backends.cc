#include "tests/conformance/backends.h"

#include <cstdio>
#include <utility>

#include "common/strings.h"
#include "server/storage/etcd/etcd_store.h"
#include "server/storage/memory_store.h"
#include "server/storage/sqlite_store.h"
#include "tests/support/etcd_process.h"
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

// One etcd for all of a process's tests; each home has keys of its own.
class Etcd final : public Home {
 public:
  absl::StatusOr<std::unique_ptr<storage::Store>> Open(const common::Clock&) override {
    static const std::unique_ptr<testing::EtcdProcess> etcd = testing::EtcdProcess::Start();
    if (etcd == nullptr) return absl::UnavailableError("etcd does not start");
    storage::etcd::EtcdOptions options;
    options.endpoints = etcd->endpoints();
    options.prefix = prefix_;
    options.server_id = common::StrCat("server-", ++openings_);
    // It talks with another process, in real time.
    return storage::etcd::EtcdStore::Open(std::move(options), common::SystemClock());
  }

 private:
  static inline int homes_ = 0;
  const std::string prefix_ = common::StrCat("/home-", ++homes_, "/");
  int openings_ = 0;
};

template <typename Made>
std::unique_ptr<Home> Make() {
  return std::make_unique<Made>();
}

}  // namespace

std::vector<Backend> Backends() {
  std::vector<Backend> backends = {
      // name, kind, shared, durable, has_history
      {"Memory", "memory", false, false, false, Make<Memory>},
      {"Sqlite", "sqlite", false, true, true, Make<Sqlite<Place::kFile>>},
      {"SqliteSynced", "sqlite", false, true, true, Make<Sqlite<Place::kSyncedFile>>},
      {"SqliteInMemory", "sqlite", false, false, true, Make<Sqlite<Place::kMemory>>},
  };
  if (testing::EtcdProcess::Available()) {
    backends.push_back({"Etcd", "etcd", true, true, true, Make<Etcd>});
  } else {
    std::fputs("etcd is not installed: its store is left out\n", stderr);
  }
  return backends;
}

std::vector<Backend> Only(bool Backend::*what) {
  std::vector<Backend> backends = Backends();
  std::erase_if(backends, [what](const Backend& backend) { return !(backend.*what); });
  return backends;
}

}  // namespace liveness::conformance
