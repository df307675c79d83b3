// Writes the database of a server that has seen much, for the next one to begin with.
//
//   fault_past FILE history TRANSITIONS          of 10,000 clients that left
//   fault_past FILE maintenance CLIENTS SECONDS  that nobody serves, in maintenance until so long after the
//                                                writing ended
//
// Says {"first": REVISION, "last": REVISION, "seconds": TOOK}.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bench/fleet.h"
#include "server/storage/sqlite_store.h"

namespace liveness::fault {
namespace {

constexpr std::size_t kClients = 10'000;
// Of writing itself, at the slowest, by how many clients: then the maintenance is still to come.
constexpr std::size_t kWrittenPerSecond = 15'000;

// Each slot is a client, with one change under way.
class Writer final : public storage::StoreListener {
 public:
  Writer(storage::Store& store, std::size_t changes, std::vector<core::RecordPtr> records)
      : store_(store), changes_(changes), records_(std::move(records)), committed_(records_.size()) {}

  void OnCommitted(std::vector<storage::Committed> changes) override {
    for (const storage::Committed& change : changes) {
      const std::size_t slot = change.proposal % records_.size();
      if (first_ == 0) first_ = change.after->revision;
      last_ = change.after->revision;
      committed_[slot] = change.after;
      if (proposed_ < changes_) Propose(slot);
    }
    done_ += changes.size();
  }
  void OnRefused(std::uint64_t, const absl::Status& why) override {
    std::fprintf(stderr, "refused: %s\n", why.ToString().c_str());
    std::_Exit(1);
  }
  void OnServers(const std::vector<std::string>&) override {}
  void OnGap(std::uint64_t, std::uint64_t) override {}
  void OnGapTold(std::uint64_t) override {}

  void Write() {
    const std::size_t slots = std::min(records_.size(), changes_);
    proposed_ = slots;
    for (std::size_t slot = 0; slot < slots; ++slot) Send(slot, slot);
    while (done_ < changes_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::uint64_t first() const { return first_; }
  std::uint64_t last() const { return last_; }

 private:
  // Only the writer's thread, once Write() has sent the first of each.
  void Propose(std::size_t slot) { Send(proposed_++, slot); }
  void Send(std::size_t number, std::size_t slot) {
    const std::uint64_t id = (number / records_.size() + 1) * records_.size() + slot;
    auto after = std::make_shared<core::ClientRecord>(*records_[slot]);
    if (committed_[slot] != nullptr) after->incarnation = committed_[slot]->incarnation;
    store_.Propose({id, committed_[slot], std::move(after), common::SystemClock().Wall()});
  }

  storage::Store& store_;
  const std::size_t changes_;
  const std::vector<core::RecordPtr> records_;
  std::vector<core::RecordPtr> committed_;
  std::atomic<std::size_t> proposed_{0};
  std::atomic<std::size_t> done_{0};
  std::atomic<std::uint64_t> first_{0};
  std::atomic<std::uint64_t> last_{0};
};

core::RecordPtr Record(std::uint64_t n, const std::shared_ptr<const std::string>& server_id,
                       const std::shared_ptr<const core::Annex>& annex) {
  core::ClientRecord record;
  core::ClientInfo info = bench::MakeInfo(n);
  info.pid = 1;
  record.info = core::PackedInfo(info);
  record.server_id = server_id;
  record.register_time = record.state_time = common::SystemClock().Wall();
  record.interval = std::chrono::minutes(30);
  record.timeout = std::chrono::hours(2);
  record.state = annex == nullptr ? core::State::kLeft : core::State::kSuspect;
  record.cause = annex == nullptr ? core::Cause::kSaidGoodbye : core::Cause::kServerLost;
  if (annex != nullptr) record.health = core::Health::kMaintenance;
  record.annex = annex;
  return std::make_shared<const core::ClientRecord>(std::move(record));
}

int Main(int argc, char** argv) {
  const std::string_view kind = argc > 3 ? argv[2] : "";
  if (!(kind == "history" && argc == 4) && !(kind == "maintenance" && argc == 5)) {
    std::fprintf(stderr, "usage: fault_past FILE history TRANSITIONS | maintenance CLIENTS SECONDS\n");
    return 2;
  }
  const std::size_t count = std::strtoull(argv[3], nullptr, 10);
  storage::SqliteOptions options;
  options.path = argv[1];
  options.max_history_rows = 1'000'000'000;
  auto store = storage::SqliteStore::Open(options, common::SystemClock());
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    return 1;
  }
  std::shared_ptr<core::Annex> annex;
  if (kind == "maintenance") {
    annex = std::make_shared<core::Annex>();
    const auto writing = std::chrono::seconds(count / kWrittenPerSecond);
    annex->maintenance_until =
        common::SystemClock().Wall() + writing + std::chrono::seconds(std::strtoll(argv[4], nullptr, 10));
  }
  const auto server_id = std::make_shared<const std::string>("before");
  std::vector<core::RecordPtr> records;
  for (std::uint64_t n = 0; n < (annex == nullptr ? kClients : count); ++n) {
    records.push_back(Record(n, server_id, annex));
  }
  const common::MonoTime begun = common::SystemClock().Mono();
  Writer writer(**store, count, std::move(records));
  (*store)->Start(writer);
  writer.Write();
  (*store)->Stop();
  const double seconds = std::chrono::duration<double>(common::SystemClock().Mono() - begun).count();
  const double until =
      annex == nullptr ? 0
                       : std::chrono::duration<double>(annex->maintenance_until->time_since_epoch()).count();
  std::printf("{\"first\": %llu, \"last\": %llu, \"seconds\": %.1f, \"until\": %.3f}\n",
              static_cast<unsigned long long>(writer.first()), static_cast<unsigned long long>(writer.last()),
              seconds, until);
  return 0;
}

}  // namespace
}  // namespace liveness::fault

int main(int argc, char** argv) { return liveness::fault::Main(argc, argv); }
