// Clients that beat and take down how long each pong took, while others are disturbed. Of a bare echo
// (fault_echo) as well, whose figures are what the machine itself allows at that moment.
//
//   fault_bystander HOST:PORT PREFIX COUNT INTERVAL_MS TIMEOUT_MS
//
// Each has a connection of its own; their beats are spread over the interval. Takes commands on stdin:
//
//   begin    forgets what was taken down
//   report   {"spans": [NANOS, ...], "ended": STREAMS}: of each beat since then until its pong, or until now
//            if it has none yet; a beat that had to wait for the pong before it counts from when it was due
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/commands.h"
#include "bench/connection.h"
#include "common/mutex.h"

namespace liveness::fault {
namespace {

using common::Duration;
using common::MonoTime;

MonoTime Now() { return common::SystemClock().Mono(); }

// The beats of one client that have no pong yet, each by when it was due.
class Beats {
 public:
  void Due() {
    common::MutexLock lock(mu_);
    due_.push_back(Now());
  }
  // One ping is in flight at a time: its pong answers for all that were due until it left.
  void Answered() {
    common::MutexLock lock(mu_);
    const MonoTime now = Now();
    for (const MonoTime due : due_) spans_.push_back(now - due);
    due_.clear();
  }
  void Begin() {
    common::MutexLock lock(mu_);
    spans_.clear();
  }
  void Report(std::vector<Duration>& spans) {
    common::MutexLock lock(mu_);
    spans.insert(spans.end(), spans_.begin(), spans_.end());
    for (const MonoTime due : due_) spans.push_back(Now() - due);
  }

 private:
  common::Mutex mu_;
  std::vector<MonoTime> due_ ABSL_GUARDED_BY(mu_);
  std::vector<Duration> spans_ ABSL_GUARDED_BY(mu_);
};

class Bystanders {
 public:
  Bystanders(const std::string& target, const std::string& prefix, std::size_t count, Duration interval,
             Duration timeout)
      : interval_(interval), beats_(count) {
    poller_ = std::thread([this] {
      void* tag = nullptr;
      bool ok = false;
      while (cq_.Next(&tag, &ok)) static_cast<rpc::Tag*>(tag)->Fire(ok);
    });
    for (std::size_t i = 0; i < count; ++i) {
      bench::ConnectionOptions options{target, prefix + std::to_string(i), interval, timeout};
      options.on_answer = [&beats = beats_[i]] { beats.Answered(); };
      connections_.push_back(std::make_unique<bench::Connection>(options, cq_, counters_));
    }
    beater_ = std::thread([this] { Beat(); });
  }

  bool WaitUntilJoined() const {
    const MonoTime end = Now() + std::chrono::seconds(120);
    while (counters_.joined.load() < static_cast<std::int64_t>(connections_.size())) {
      if (Now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  void Begin() {
    for (Beats& beats : beats_) beats.Begin();
  }

  std::string Report() {
    std::vector<Duration> spans;
    for (Beats& beats : beats_) beats.Report(spans);
    std::ostringstream out;
    out << "{\"spans\": [";
    for (std::size_t i = 0; i < spans.size(); ++i) out << (i == 0 ? "" : ", ") << spans[i].count();
    out << "], \"ended\": " << counters_.ended.load() << "}";
    return out.str();
  }

 private:
  void Beat() {
    const auto step = interval_ / static_cast<std::int64_t>(connections_.size());
    MonoTime next = Now();
    for (std::size_t i = 0;; i = (i + 1) % connections_.size()) {
      next = std::max(next + step, Now() - step);
      if (next > Now()) std::this_thread::sleep_for(next - Now());
      beats_[i].Due();
      connections_[i]->Ping();
    }
  }

  const Duration interval_;
  bench::Counters counters_;
  grpc::CompletionQueue cq_;
  std::vector<Beats> beats_;
  std::vector<std::unique_ptr<bench::Connection>> connections_;
  std::thread poller_;  // both until the end of the process
  std::thread beater_;
};

int Main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: fault_bystander HOST:PORT PREFIX COUNT INTERVAL_MS TIMEOUT_MS\n");
    return 2;
  }
  const auto millis = [&](int i) { return std::chrono::milliseconds(std::strtoll(argv[i], nullptr, 10)); };
  auto& bystanders =
      *new Bystanders(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10), millis(4), millis(5));
  if (!bystanders.WaitUntilJoined()) {
    std::fprintf(stderr, "fault_bystander: not all have joined\n");
    std::_Exit(1);
  }
  bench::AnswerCommands("{\"ready\": true}", [&](const std::string& verb, std::istringstream&) {
    if (verb == "report") return bystanders.Report();
    bystanders.Begin();
    return std::string("{}");
  });
  std::_Exit(0);
}

}  // namespace
}  // namespace liveness::fault

int main(int argc, char** argv) { return liveness::fault::Main(argc, argv); }
