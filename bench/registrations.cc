// Registers clients as fast as the server takes them, each with a stream of its
// own that stays open.
//
//   registrations HOST:PORT CONNECTIONS
//
// Connects, then takes commands on stdin, one a line, and answers each with one
// line of JSON (bench/run is at the other end):
//
//   register CLIENTS UNDER_WAY   so many hellos wait for their welcome at a time, the next as soon
//                                as one has it
#include <algorithm>
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

constexpr auto kPatience = std::chrono::seconds(60);

MonoTime Now() { return common::SystemClock().Mono(); }

class Registrations {
 public:
  Registrations(std::string target, std::size_t connections) : target_(std::move(target)) {
    for (std::size_t n = 0; n < connections; ++n) channels_.push_back(NewChannel(target_));
  }

  bool Connect() {
    const auto give_up = std::chrono::system_clock::now() + kPatience;
    for (const auto& channel : channels_) (void)channel->GetState(true);
    return std::all_of(channels_.begin(), channels_.end(),
                       [&](const auto& channel) { return channel->WaitForConnected(give_up); });
  }

  // Serves the queue itself: what is measured is the server, and one thread is enough for that.
  std::string Register(std::size_t clients, std::size_t under_way) {
    wanted_ += clients;
    const std::size_t joined_before = spans_.size();
    const MonoTime begun = Now();
    for (std::size_t n = 0; n < std::min(clients, under_way); ++n) Begin();
    void* tag = nullptr;
    bool ok = false;
    while (spans_.size() < joined_before + clients && cq_.Next(&tag, &ok)) {
      static_cast<rpc::Tag*>(tag)->Fire(ok);
      if (counters_.ended.load() != 0) {
        std::fprintf(stderr, "registrations: a stream ended\n");
        std::_Exit(1);
      }
    }
    const double seconds = std::chrono::duration<double>(Now() - begun).count();
    std::vector<Duration> spans(spans_.begin() + static_cast<std::ptrdiff_t>(joined_before), spans_.end());
    std::sort(spans.begin(), spans.end());
    std::ostringstream out;
    out << "{\"per_second\": " << static_cast<double>(clients) / seconds
        << ", \"p50_ms\": " << Millis(spans, 0.5) << ", \"p99_ms\": " << Millis(spans, 0.99) << "}";
    return out.str();
  }

 private:
  static double Millis(const std::vector<Duration>& sorted, double share) {
    if (sorted.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    return std::chrono::duration<double, std::milli>(sorted[at]).count();
  }

  void Begin() {
    const std::size_t number = connections_.size();
    if (number == wanted_) return;
    ConnectionOptions options{target_, "client-" + std::to_string(number), std::chrono::hours(1),
                              std::chrono::hours(2)};
    options.channel = channels_[number % channels_.size()];
    options.on_joined = [this, begun = Now()] {
      spans_.push_back(Now() - begun);
      Begin();
    };
    connections_.push_back(std::make_unique<Connection>(options, cq_, counters_));
  }

  const std::string target_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  Counters counters_;
  grpc::CompletionQueue cq_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t wanted_ = 0;       // connections, in all
  std::vector<Duration> spans_;  // from the call's start to its welcome
};

int Main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: registrations HOST:PORT CONNECTIONS\n");
    return 2;
  }
  auto& registrations = *new Registrations(argv[1], std::strtoull(argv[2], nullptr, 10));
  if (!registrations.Connect()) {
    std::fprintf(stderr, "registrations: not all are connected\n");
    std::_Exit(1);
  }
  AnswerCommands("{\"ready\": true}", [&](const std::string& verb, std::istringstream& words) {
    std::size_t clients = 0, under_way = 0;
    words >> clients >> under_way;
    return verb == "register" ? registrations.Register(clients, under_way) : "{}";
  });
  std::_Exit(0);  // thousands of streams end with the process
}

}  // namespace
}  // namespace liveness::bench

int main(int argc, char** argv) { return liveness::bench::Main(argc, argv); }
