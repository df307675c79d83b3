// What a store on an etcd that runs already does. One JSON object on stdout.
//
//   etcd_bench rate ENDPOINT PROPOSERS SECONDS BATCH IN_FLIGHT
//                registrations a second; the next of each proposer as soon as its last was told
//   etcd_bench far ENDPOINT PER_SECOND SECONDS
//                changes at an even pace: from the proposal to told by ANOTHER server's store
//   etcd_bench start ENDPOINT CLIENTS
//                how long another server takes to start with so many known ones
//   etcd_bench idle ENDPOINT CLIENTS
//                registers them, answers, and does nothing until stdin ends
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/fleet.h"
#include "common/random.h"
#include "server/storage/etcd/etcd_store.h"

namespace {

using namespace liveness;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll(1);

// A server's store, and somebody who proposes to it and notes when what was told.
class Server final : public storage::StoreListener {
 public:
  Server(const std::string& endpoint, const std::string& server_id, std::size_t slots, std::size_t batch = 64,
         std::size_t in_flight = 4)
      : slots_(slots) {
    storage::etcd::EtcdOptions options;
    options.endpoints = {endpoint};
    options.prefix = prefix();
    options.server_id = server_id;
    options.max_batch = batch;
    options.max_in_flight = in_flight;
    options.open_patience = std::chrono::seconds(30);
    auto store = storage::etcd::EtcdStore::Open(options, common::SystemClock());
    if (!store.ok() || !(*store)->Load().ok()) {
      std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
      std::exit(1);
    }
    store_ = *std::move(store);
    store_->Start(*this);
    while (!seated_) std::this_thread::sleep_for(kPoll);
  }
  ~Server() override { Stop(); }
  void Stop() { store_->Stop(); }

  void OnCommitted(std::vector<storage::Committed> changes) override {
    const auto now = steady_clock::now();
    for (const storage::Committed& change : changes) {
      // A registration's number travels as its pid.
      const auto number = static_cast<std::size_t>(change.after->info.pid());
      if (change.proposal == 0) {
        told_[number % told_.size()] = now;
      } else {
        spans_.push_back(now - slots_[change.proposal % slots_.size()]);
        if (again_) Propose(change.proposal % slots_.size());
      }
    }
    done_ += changes.size();
  }
  void OnRefused(std::uint64_t, const absl::Status& why) override {
    std::fprintf(stderr, "refused: %s\n", why.ToString().c_str());
    std::exit(1);
  }
  void OnServers(const std::vector<std::string>&) override { seated_ = true; }
  void OnGap(std::uint64_t, std::uint64_t) override {}
  void OnGapTold(std::uint64_t) override {}

  // A registration; each of a client of its own. One at a time for each slot.
  void Propose(std::size_t slot) {
    const std::uint64_t n = next_++;
    core::ClientInfo info = bench::MakeInfo(n);
    info.pid = static_cast<std::int64_t>(n);
    core::ClientRecord record;
    record.info = core::PackedInfo(info);
    record.server_id = server_id_;
    record.interval = std::chrono::seconds(10);
    record.timeout = std::chrono::seconds(40);
    record.state = core::State::kAlive;
    slots_[slot] = steady_clock::now();
    store_->Propose({(n + 1) * slots_.size() + slot, nullptr,
                     std::make_shared<const core::ClientRecord>(std::move(record)),
                     common::SystemClock().Wall()});
  }
  void ProposeAgainWhenTold(bool again) { again_ = again; }
  // Notes when each of so many registrations of the other server was told.
  void Expect(std::size_t count) { told_.resize(count); }

  std::uint64_t done() const { return done_; }
  steady_clock::time_point begun(std::size_t slot) const { return slots_[slot]; }
  steady_clock::time_point told(std::size_t number) const { return told_[number]; }
  std::vector<steady_clock::duration>& spans() { return spans_; }

 private:
  // Of this run alone.
  static const std::string& prefix() {
    static const std::string prefix = "/bench-" + common::RandomHexId() + "/";
    return prefix;
  }

  std::unique_ptr<storage::etcd::EtcdStore> store_;
  std::vector<steady_clock::time_point> slots_;
  std::vector<steady_clock::time_point> told_{1};
  std::vector<steady_clock::duration> spans_;
  std::atomic<std::uint64_t> next_{0}, done_{0};
  std::atomic<bool> again_{false}, seated_{false};
  const std::shared_ptr<const std::string> server_id_ = std::make_shared<const std::string>("bench-server-1");
};

double Millis(std::vector<steady_clock::duration>& spans, double share) {
  if (spans.empty()) return 0;
  std::sort(spans.begin(), spans.end());
  const auto at = static_cast<std::size_t>(share * static_cast<double>(spans.size() - 1));
  return std::chrono::duration<double, std::milli>(spans[at]).count();
}

void Rate(const std::string& endpoint, std::size_t proposers, double seconds, std::size_t batch,
          std::size_t in_flight) {
  Server server(endpoint, "a", proposers, batch, in_flight);
  server.ProposeAgainWhenTold(true);
  const auto begun = steady_clock::now();
  for (std::size_t slot = 0; slot < proposers; ++slot) server.Propose(slot);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  server.ProposeAgainWhenTold(false);
  const auto done = static_cast<double>(server.done());
  const double took = std::chrono::duration<double>(steady_clock::now() - begun).count();
  server.Stop();
  std::printf("{\"per_second\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n", done / took,
              Millis(server.spans(), 0.5), Millis(server.spans(), 0.99));
}

void Far(const std::string& endpoint, double per_second, double seconds) {
  const auto count = static_cast<std::size_t>(per_second * seconds);
  Server near(endpoint, "a", count), far(endpoint, "b", 1);
  far.Expect(count);
  const auto begun = steady_clock::now();
  for (std::size_t n = 0; n < count; ++n) {
    const std::chrono::duration<double> at(static_cast<double>(n) / per_second);
    std::this_thread::sleep_until(begun + std::chrono::duration_cast<steady_clock::duration>(at));
    near.Propose(n);
  }
  while (far.done() < count) std::this_thread::sleep_for(kPoll);
  near.Stop();
  far.Stop();
  std::vector<steady_clock::duration> spans;
  for (std::size_t n = 0; n < count; ++n) spans.push_back(far.told(n) - near.begun(n));
  std::printf("{\"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f, \"near_p99_ms\": %.2f}\n",
              Millis(spans, 0.5), Millis(spans, 0.99), Millis(spans, 1), Millis(near.spans(), 0.99));
}

void Register(Server& server, std::size_t clients) {
  constexpr std::size_t kAtATime = 5'000;  // more would wait for longer than a registration may
  for (std::size_t n = 0; n < clients; ++n) {
    while (n >= server.done() + kAtATime) std::this_thread::sleep_for(kPoll);
    server.Propose(n);
  }
  while (server.done() < clients) std::this_thread::sleep_for(kPoll);
}

void Start(const std::string& endpoint, std::size_t clients) {
  Server first(endpoint, "a", clients);
  Register(first, clients);
  const auto begun = steady_clock::now();
  const Server second(endpoint, "b", 1);
  std::printf("{\"clients\": %zu, \"seconds\": %.2f}\n", clients,
              std::chrono::duration<double>(steady_clock::now() - begun).count());
}

void Idle(const std::string& endpoint, std::size_t clients) {
  Server server(endpoint, "a", clients);
  Register(server, clients);
  std::printf("{\"clients\": %zu}\n", clients);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  if (mode == "rate" && argc == 7) {
    Rate(argv[2], number(3), std::atof(argv[4]), number(5), number(6));
  } else if (mode == "far" && argc == 5) {
    Far(argv[2], std::atof(argv[3]), std::atof(argv[4]));
  } else if (mode == "start" && argc == 4) {
    Start(argv[2], number(3));
  } else if (mode == "idle" && argc == 4) {
    Idle(argv[2], number(3));
  } else {
    std::fprintf(stderr,
                 "usage: etcd_bench rate ENDPOINT PROPOSERS SECONDS BATCH IN_FLIGHT | "
                 "far ENDPOINT PER_SECOND SECONDS | start ENDPOINT CLIENTS | idle ENDPOINT CLIENTS\n");
    return 2;
  }
  return 0;
}
