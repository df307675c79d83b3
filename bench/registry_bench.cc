// The registry alone: what a heartbeat and a page cost, each beside the plain
// thing that it is to be compared with. bench/run interleaves and pairs them.
//
// Heartbeats are measured one after the other, as a server meets them: the next
// address depends on what was read from the one before, here and in the
// reference alike, so that no processor runs ahead over several of them.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "bench/fleet.h"
#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"
#include "server/storage/memory_store.h"

namespace liveness::bench {
namespace {

using common::MonoTime;
using registry::Session;

constexpr std::size_t kHot = 1'000;
constexpr std::size_t kMany = 1'000'000;
constexpr std::size_t kPage = 1'000;

// A million clients, registered once for all benches.
struct Fleet {
  Fleet() {
    sessions.reserve(kMany);
    for (std::uint64_t n = 0; n < kMany; ++n) {
      sessions.push_back(Join(registry, n).session.get());
      if (n % 4096 == 0) registry.PublishPending();
    }
    registry.PublishPending();
    for (std::size_t i = kMany; i > 1; --i) std::swap(sessions[i - 1], sessions[Scramble(i) % i]);
  }

  storage::MemoryStore store{common::SystemClock()};
  registry::Registry registry{FleetOptions(), common::SystemClock(), store, *store.Load()};
  std::vector<Session*> sessions;  // in random order
};

Fleet& TheFleet() {
  static auto* fleet = new Fleet();
  return *fleet;
}

void ClockRead(benchmark::State& state) {
  const common::Clock& clock = common::SystemClock();
  for (auto _ : state) benchmark::DoNotOptimize(clock.Mono());
}
BENCHMARK(ClockRead);

// The clock read that belongs to it, the touch, the count of the ping.
void Heartbeat(benchmark::State& state) {
  const std::vector<Session*>& sessions = TheFleet().sessions;
  const common::Clock& clock = common::SystemClock();
  const auto count = static_cast<std::size_t>(state.range(0));
  std::size_t at = 0;
  std::uint64_t sequence = 0;
  for (auto _ : state) {
    Session* session = sessions[at];
    const auto result = session->Touch(1, clock.Mono());
    session->CountPing(++sequence, 0);
    at += result == registry::TouchResult::kStale ? 2 : 1;
    if (at >= count) at = 0;
  }
}
BENCHMARK(Heartbeat)->Arg(kHot)->Arg(kMany);

// Two reads of random cache lines of an array as large as all sessions, and the
// same clock read.
void TwoLineReads(benchmark::State& state) {
  struct alignas(64) Line {
    std::uint64_t next = 0;
  };
  constexpr std::size_t kLines = kMany * sizeof(Session) / sizeof(Line);
  // One cycle through all lines in random order (Sattolo).
  static auto* lines = [] {
    auto* made = new std::vector<Line>(kLines);
    std::vector<std::uint32_t> order(kLines);
    for (std::size_t i = 0; i < kLines; ++i) order[i] = static_cast<std::uint32_t>(i);
    for (std::size_t i = kLines - 1; i > 0; --i) std::swap(order[i], order[Scramble(i) % i]);
    for (std::size_t i = 0; i < kLines; ++i) (*made)[i].next = order[i];
    return made;
  }();
  const common::Clock& clock = common::SystemClock();
  std::uint64_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(clock.Mono());
    at = (*lines)[at].next;
    at = (*lines)[at].next;
    benchmark::DoNotOptimize(at);
  }
}
BENCHMARK(TwoLineReads);

// Takes one page, from wherever the page before ended.
void TakePage(benchmark::State& state, const std::string& filter_text) {
  Fleet& fleet = TheFleet();
  const core::Filter filter = *core::Filter::Parse(filter_text, core::ClientSchema());
  const common::Clock& clock = common::SystemClock();
  std::string after;
  for (auto _ : state) {
    registry::ScanRequest request;
    request.after = after;
    const core::Moment now{clock.Mono(), clock.Wall()};
    if (!filter.matches_all()) {
      request.matches = [&](const core::ClientRecord& record, const core::Vitals& vitals) {
        return filter.Matches(core::ClientFields(record, vitals, now));
      };
    }
    std::size_t found = 0;
    bool done = false;
    while (found < kPage && !done) {
      request.limit = kPage - found;
      registry::ScanResult result = fleet.registry.Scan(request);
      found += result.views.size();
      done = result.done;
      request.after = result.cursor;
      benchmark::DoNotOptimize(result);
    }
    after = done ? std::string() : request.after;
    if (found != kPage && !done) state.SkipWithError("a page came short");
  }
}

void Page(benchmark::State& state) { TakePage(state, ""); }
BENCHMARK(Page)->Unit(benchmark::kMicrosecond);

// All of the million match one in a thousand: one page looks at all.
void FilteredPage(benchmark::State& state) { TakePage(state, "labels.shard = \"7\""); }
BENCHMARK(FilteredPage)->Unit(benchmark::kMicrosecond);

// As many entries of a plain map of the same keys.
void PlainScan(benchmark::State& state) {
  static auto* map = [] {
    auto* made = new absl::btree_map<std::string, std::uint64_t>();
    for (std::uint64_t n = 0; n < kMany; ++n) made->emplace(MakeInfo(n).client_id, n);
    return made;
  }();
  const auto entries = static_cast<std::size_t>(state.range(0));
  auto at = map->begin();
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < entries; ++i) {
      if (at == map->end()) at = map->begin();
      sum += at->second + at->first.size();
      ++at;
    }
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(PlainScan)->Arg(kPage)->Arg(kMany)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace liveness::bench
