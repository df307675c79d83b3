// Changes records of a SQLite store as fast as it can, until it is killed, and
// writes a line for each change that it is told of:
//
//   store_program PATH SEED   ->   CLIENT REVISION INCARNATION STATE
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "common/strings.h"
#include "server/storage/sqlite_store.h"
#include "tests/support/stores/store_proposer.h"

namespace {

using namespace liveness;

// Each of its clients has one proposal under way at any time.
class Churn final : public storage::StoreListener {
 public:
  Churn(storage::Store& store, std::uint64_t seed) : store_(store), random_(seed), records_(64) {}

  void Begin(const storage::Contents& contents) {
    common::MutexLock lock(mu_);
    for (const core::RecordPtr& record : contents.records) records_.at(Slot(*record)) = record;
    for (std::size_t slot = 0; slot < records_.size(); ++slot) Propose(slot);
  }

  void OnCommitted(std::vector<storage::Committed> changes) override {
    std::string lines;
    for (const storage::Committed& change : changes) {
      const core::ClientRecord& after = *change.after;
      lines += common::StrCat(after.client_id(), " ", after.revision, " ", after.incarnation, " ",
                              core::Name(after.state), "\n");
    }
    // One write: the kernel has all of it or none when we are killed.
    if (write(STDOUT_FILENO, lines.data(), lines.size()) < 0) std::abort();
    common::MutexLock lock(mu_);
    for (const storage::Committed& change : changes) {
      const std::size_t slot = Slot(*change.after);
      records_[slot] = change.after->state == core::State::kForgotten ? nullptr : change.after;
      Propose(slot);
    }
  }
  void OnRefused(std::uint64_t, const absl::Status& why) override {
    std::fprintf(stderr, "refused: %s\n", why.ToString().c_str());
    std::abort();
  }
  void OnServers(const std::vector<std::string>&) override {}
  void OnGap(std::uint64_t, std::uint64_t) override {}
  void OnGapTold(std::uint64_t) override {}

 private:
  static std::size_t Slot(const core::ClientRecord& record) {
    return std::strtoul(record.client_id().data() + sizeof("client-") - 1, nullptr, 10);
  }

  void Propose(std::size_t slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const core::RecordPtr& before = records_[slot];
    core::ClientRecord after = testing::NewSession(common::StrCat("client-", slot));
    const auto dice = random_() % 10;
    if (before != nullptr && dice > 0) {
      after = *before;
      after.state = dice == 1   ? core::State::kForgotten
                    : dice <= 5 ? core::State::kSuspect
                                : core::State::kAlive;
    }
    store_.Propose({++proposals_, before, std::make_shared<const core::ClientRecord>(std::move(after)),
                    common::SystemClock().Wall()});
  }

  storage::Store& store_;
  common::Mutex mu_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mu_);
  std::vector<core::RecordPtr> records_ ABSL_GUARDED_BY(mu_);
  std::uint64_t proposals_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  storage::SqliteOptions options;
  options.path = argv[1];
  // So that reserving and checkpoints happen often.
  options.revision_block = 256;
  options.max_log_bytes = 1 << 20;
  options.log = [](std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  auto store = storage::SqliteStore::Open(options, common::SystemClock());
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    return 1;
  }
  Churn churn(**store, std::strtoull(argv[2], nullptr, 10));
  const auto contents = (*store)->Load();
  (*store)->Start(churn);
  churn.Begin(*contents);
  for (;;) pause();
}
