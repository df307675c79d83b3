// The load generator: many connections, one heartbeat stream each.
//
//   load HOST:PORT CONNECTIONS [PREFIX [INTERVAL_MS TIMEOUT_MS [understand]]]
//
// Connects, then takes commands on stdin, one a line, and answers each with one
// line of JSON (bench/run is at the other end):
//
//   once             one ping from each connection
//   run SECONDS      one ping in flight on each connection, all the time
//   beat SECONDS VICTIMS
//                    each connection pings every INTERVAL_MS; VICTIMS of them
//                    fall silent, one after the other, evenly over the time
//   update RATE SECONDS
//                    label changes, RATE a second over all connections; 0 for
//                    RATE: SECONDS x 10,000 of them as fast as it goes
//
// Ends at the end of stdin. Times are CLOCK_MONOTONIC or wall clock nanoseconds.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/commands.h"
#include "bench/connection.h"

namespace liveness::bench {
namespace {

using common::Duration;
using common::MonoTime;

constexpr std::size_t kConnectingAtOnce = 200;
constexpr auto kPatience = std::chrono::seconds(120);

MonoTime Now() { return common::SystemClock().Mono(); }

class Load {
 public:
  Load(std::string target, std::string prefix, Duration interval, Duration timeout, bool understand)
      : target_(std::move(target)),
        prefix_(std::move(prefix)),
        interval_(interval),
        timeout_(timeout),
        understand_(understand),
        poller_([this] { Poll(); }) {}

  bool Connect(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      connections_.push_back(std::make_unique<Connection>(
          ConnectionOptions{target_, prefix_ + std::to_string(i), interval_, timeout_, understand_}, cq_,
          counters_));
      const auto wanted = static_cast<std::int64_t>(connections_.size());
      const std::int64_t behind = i + 1 < count ? static_cast<std::int64_t>(kConnectingAtOnce) : 0;
      if (!Until([&] { return counters_.joined.load() >= wanted - behind; })) return false;
      PingAllInTime();
    }
    PingAll();
    return true;
  }

  std::string Once() {
    const std::int64_t before = counters_.answers.load();
    PingAll();
    Settle();
    return Answer("messages", counters_.answers.load() - before);
  }

  std::string Run(double seconds) {
    const std::int64_t before = counters_.answers.load();
    const MonoTime begun = Now();
    counters_.repeat.store(true);
    for (auto& connection : connections_) connection->Ping();
    SleepUntil(begun + Seconds(seconds));
    const std::int64_t within = counters_.answers.load() - before;
    counters_.repeat.store(false);
    Settle();
    std::ostringstream out;
    out << "{\"messages\": " << counters_.answers.load() - before << ", \"per_second\": " << within / seconds
        << "}";
    return out.str();
  }

  std::string Beat(double seconds, std::size_t victims) {
    std::vector<bool> silent(connections_.size(), false);
    const MonoTime begun = Now();
    const MonoTime end = begun + Seconds(seconds);
    const Duration step = interval_ / static_cast<std::int64_t>(connections_.size());
    std::size_t at = 0;
    std::size_t fallen = 0;
    for (MonoTime next = begun; next < end; next += step) {
      SleepUntil(next);
      if (!silent[at]) {
        connections_[at]->Ping();
        // Once everybody has pinged; just after its ping, so that these come evenly too.
        const double done = Share(next - begun - interval_, end - begun - interval_);
        if (static_cast<double>(fallen) < done * static_cast<double>(victims)) {
          silent[at] = true;
          ++fallen;
        }
      }
      at = (at + 1) % connections_.size();
    }
    // Those that are left must live until the last victim has been found.
    for (MonoTime next = end; next < end + timeout_ + std::chrono::seconds(1); next += step) {
      SleepUntil(next);
      if (!silent[at]) connections_[at]->Ping();
      at = (at + 1) % connections_.size();
    }
    std::ostringstream out;
    out << "{\"messages\": " << counters_.answers.load() << ", \"victims\": {";
    const char* comma = "";
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (!silent[i]) continue;
      out << comma << '"' << connections_[i]->client_id() << "\": " << connections_[i]->last_receive_nanos();
      comma = ", ";
    }
    out << "}}";
    return out.str();
  }

  std::string Update(double rate, double seconds) {
    const MonoTime begun = Now();
    const auto count = static_cast<std::uint64_t>(seconds * (rate > 0 ? rate : 10'000));
    for (std::uint64_t i = 0; i < count; ++i) {
      // What is due is sent in one go: a sleep for each would be no rate at all.
      if (rate > 0) SleepUntil(begun + Seconds(static_cast<double>(i) / rate));
      connections_[i % connections_.size()]->Update(++updates_);
    }
    Until([&] { return counters_.unsent.load() == 0; });
    std::ostringstream out;
    out << "{\"updates\": " << count << ", \"begun\": " << begun.time_since_epoch().count()
        << ", \"ended\": " << Now().time_since_epoch().count() << "}";
    return out.str();
  }

  std::int64_t joined() const { return counters_.joined.load(); }

 private:
  static Duration Seconds(double seconds) { return Duration(static_cast<std::int64_t>(seconds * 1e9)); }
  static double Share(Duration part, Duration whole) {
    return static_cast<double>(part.count()) / static_cast<double>(whole.count());
  }
  static std::string Answer(const char* name, std::int64_t value) {
    return "{\"" + std::string(name) + "\": " + std::to_string(value) + "}";
  }
  static void SleepUntil(MonoTime when) {
    const Duration left = when - Now();
    if (left > Duration::zero()) std::this_thread::sleep_for(left);
  }
  template <typename Condition>
  static bool Until(Condition condition) {
    const MonoTime end = Now() + kPatience;
    while (!condition()) {
      if (Now() > end) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    return true;
  }
  void PingAll() {
    pinged_at_ = Now();
    for (auto& connection : connections_) connection->Ping();
  }
  // Those that have joined must live while the others connect.
  void PingAllInTime() {
    if (Now() - pinged_at_ > interval_ / 2) PingAll();
  }
  void Settle() {
    Until([this] { return counters_.outstanding.load() == 0; });
  }
  void Poll() {
    void* tag = nullptr;
    bool ok = false;
    while (cq_.Next(&tag, &ok)) static_cast<rpc::Tag*>(tag)->Fire(ok);
  }

  const std::string target_;
  const std::string prefix_;
  const Duration interval_;
  const Duration timeout_;
  const bool understand_;
  std::uint64_t updates_ = 0;
  MonoTime pinged_at_ = Now();
  Counters counters_;
  grpc::CompletionQueue cq_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::thread poller_;  // until the end of the process
};

int Main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: load HOST:PORT CONNECTIONS [PREFIX [INTERVAL_MS TIMEOUT_MS [understand]]]\n");
    return 2;
  }
  // As the server's: buffers as small as the messages.
  setenv("GRPC_EXPERIMENTS", "-tcp_read_chunks", 0);
  const auto millis = [&](int i, std::int64_t otherwise) {
    return std::chrono::milliseconds(argc > i ? std::strtoll(argv[i], nullptr, 10) : otherwise);
  };
  auto& load =
      *new Load(argv[1], argc > 3 ? argv[3] : "load-", millis(4, 3'600'000), millis(5, 7'200'000), argc > 6);
  if (!load.Connect(std::strtoull(argv[2], nullptr, 10))) {
    std::fprintf(stderr, "load: only %lld connections\n", static_cast<long long>(load.joined()));
    std::_Exit(1);
  }
  AnswerCommands("{\"joined\": " + std::to_string(load.joined()) + "}",
                 [&](const std::string& verb, std::istringstream& words) -> std::string {
                   double a = 0;
                   double b = 0;
                   words >> a >> b;
                   if (verb == "once") return load.Once();
                   if (verb == "run") return load.Run(a);
                   if (verb == "beat") return load.Beat(a, static_cast<std::size_t>(b));
                   return verb == "update" ? load.Update(a, b) : "{}";
                 });
  std::_Exit(0);  // thousands of streams end with the process
}

}  // namespace
}  // namespace liveness::bench

int main(int argc, char** argv) { return liveness::bench::Main(argc, argv); }
