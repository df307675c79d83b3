// What a durable SQLite store does: registrations a second from N proposers, and
// how long a start with many known clients takes. One JSON object on stdout.
//
//   store_bench rate PATH PROPOSERS SECONDS [fsync]
//   store_bench pace PATH PER_SECOND SECONDS
//   store_bench fill PATH CLIENTS      writes them, and their history
//   store_bench load PATH              a process of its own, so that its memory tells
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/fleet.h"
#include "server/storage/sqlite_store.h"

namespace {

using namespace liveness;
using std::chrono::steady_clock;

double Seconds(steady_clock::duration span) { return std::chrono::duration<double>(span).count(); }

// Each of `proposers` has one registration under way; the next when it is told of the last, or when asked to.
class Proposers final : public storage::StoreListener {
 public:
  Proposers(storage::Store& store, std::size_t proposers) : store_(store), slots_(proposers) {}

  void OnCommitted(std::vector<storage::Committed> changes) override {
    const auto now = steady_clock::now();
    for (const storage::Committed& change : changes) {
      Slot& slot = slots_[change.proposal % slots_.size()];
      spans_.push_back(now - slot.since);
      if (running_) Propose(change.proposal % slots_.size());
    }
    done_ += changes.size();
  }
  void OnRefused(std::uint64_t, const absl::Status& why) override {
    std::fprintf(stderr, "refused: %s\n", why.ToString().c_str());
    std::exit(1);
  }
  void OnServers(const std::vector<std::string>&) override {}
  void OnGap(std::uint64_t, std::uint64_t) override {}
  void OnGapTold(std::uint64_t) override {}

  void Begin() {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) Propose(slot);
  }
  // No next ones.
  void End() { running_ = false; }
  std::uint64_t done() const { return done_; }
  // Once the store is stopped.
  std::vector<steady_clock::duration>& spans() { return spans_; }

  // REQUIRES: the proposer has none under way.
  void Propose(std::size_t number);

 private:
  struct Slot {
    std::uint64_t id = 0;
    steady_clock::time_point since{};
  };

  storage::Store& store_;
  std::vector<Slot> slots_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<bool> running_{true};
  std::vector<steady_clock::duration> spans_;  // the writer thread's
  const std::shared_ptr<const std::string> server_id_ = std::make_shared<const std::string>("bench-server-1");
};

void Proposers::Propose(std::size_t number) {
  const std::uint64_t n = next_++;
  core::ClientRecord record;
  record.info = core::PackedInfo(bench::MakeInfo(n));
  record.server_id = server_id_;
  record.interval = std::chrono::seconds(10);
  record.timeout = std::chrono::seconds(40);
  record.state = core::State::kAlive;
  Slot& slot = slots_[number];
  slot.since = steady_clock::now();
  slot.id += slots_.size();
  store_.Propose({slot.id + number, nullptr, std::make_shared<const core::ClientRecord>(std::move(record)),
                  common::SystemClock().Wall()});
}

std::unique_ptr<storage::SqliteStore> Open(const std::string& path, bool fsync) {
  storage::SqliteOptions options;
  options.path = path;
  options.fsync_always = fsync;
  options.log = [](std::string_view line) {
    std::fprintf(stderr, "store: %.*s\n", static_cast<int>(line.size()), line.data());
  };
  auto store = storage::SqliteStore::Open(options, common::SystemClock());
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    std::exit(1);
  }
  return *std::move(store);
}

long Resident() {
  std::ifstream statm("/proc/self/statm");
  long size = 0, resident = 0;
  statm >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

double Millis(const std::vector<steady_clock::duration>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return 1e3 * Seconds(sorted[at]);
}

void Rate(const std::string& path, std::size_t proposers, double seconds, bool fsync) {
  auto store = Open(path, fsync);
  Proposers run(*store, proposers);
  store->Start(run);
  const auto begun = steady_clock::now();
  run.Begin();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  run.End();
  const std::uint64_t done = run.done();
  const double took = Seconds(steady_clock::now() - begun);
  store->Stop();
  auto& spans = run.spans();
  std::sort(spans.begin(), spans.end());
  std::printf(
      "{\"proposers\": %zu, \"per_second\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
      proposers, static_cast<double>(done) / took, Millis(spans, 0.5), Millis(spans, 0.99), Millis(spans, 1));
}

// Changes at an even pace, as from a fleet: how long each is under way.
void Pace(const std::string& path, double per_second, double seconds) {
  auto store = Open(path, false);
  const auto count = static_cast<std::size_t>(per_second * seconds);
  Proposers run(*store, count);
  run.End();
  store->Start(run);
  const auto begun = steady_clock::now();
  for (std::size_t n = 0; n < count; ++n) {
    const std::chrono::duration<double> at(static_cast<double>(n) / per_second);
    std::this_thread::sleep_until(begun + std::chrono::duration_cast<steady_clock::duration>(at));
    run.Propose(n);
  }
  store->Stop();
  auto& spans = run.spans();
  std::sort(spans.begin(), spans.end());
  std::printf("{\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f}\n",
              Millis(spans, 0.5), Millis(spans, 0.99), Millis(spans, 0.999), Millis(spans, 1));
}

void Fill(const std::string& path, std::uint64_t clients) {
  auto store = Open(path, false);
  Proposers run(*store, 4096);
  store->Start(run);
  const auto begun = steady_clock::now();
  run.Begin();
  while (run.done() < clients) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  run.End();
  store->Stop();
  const double took = Seconds(steady_clock::now() - begun);
  std::printf("{\"clients\": %llu, \"per_second\": %.0f}\n", static_cast<unsigned long long>(run.done()),
              static_cast<double>(run.done()) / took);
}

void Load(const std::string& path) {
  const long before = Resident();
  const auto begun = steady_clock::now();
  auto store = Open(path, false);
  const auto contents = store->Load();
  const double took = Seconds(steady_clock::now() - begun);
  const auto records = contents->records.size();
  std::printf(
      "{\"records\": %zu, \"seconds\": %.2f, \"rss_per_record\": %.0f}\n", records, took,
      static_cast<double>(Resident() - before) / static_cast<double>(std::max<std::size_t>(records, 1)));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  if (mode == "rate" && argc >= 5) {
    Rate(argv[2], std::strtoull(argv[3], nullptr, 10), std::atof(argv[4]), argc > 5);
  } else if (mode == "pace" && argc == 5) {
    Pace(argv[2], std::atof(argv[3]), std::atof(argv[4]));
  } else if (mode == "fill" && argc == 4) {
    Fill(argv[2], std::strtoull(argv[3], nullptr, 10));
  } else if (mode == "load") {
    Load(argv[2]);
  } else {
    std::fprintf(stderr,
                 "usage: store_bench rate PATH PROPOSERS SECONDS [fsync] | pace PATH PER_SECOND SECONDS | "
                 "fill PATH CLIENTS | load PATH\n");
    return 2;
  }
  return 0;
}
