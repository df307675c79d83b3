// Many heartbeat streams over few connections, that do all at once what a server may not like.
//
//   fault_storm HOST:PORT PREFIX CONNECTIONS
//
// Connects, then takes commands on stdin, one a line, and answers each with one line of JSON:
//
//   open STREAMS UNDER_WAY     so many hellos wait for their welcome at a time; they beat never, and are
//                              not missed for an hour
//   update RATE                each of them changes its labels once, RATE a second; 0: all at once
//   cancel                     ends all of them without goodbye (RST_STREAM)
//   spoil CLIENTS              opens streams whose paths seem to lose most pings (4 s)
//   refuse HELLOS UNDER_WAY    more streams of the spoilt clients, that ask for a quality which such paths
//                              cannot give
//
// Killed, it ends its streams with their connections.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/commands.h"
#include "bench/connection.h"

namespace liveness::fault {
namespace {

using bench::Connection;
using bench::ConnectionOptions;
using common::MonoTime;

constexpr auto kPatience = std::chrono::seconds(120);

MonoTime Now() { return common::SystemClock().Mono(); }

class Storm {
 public:
  Storm(std::string target, std::string prefix, std::size_t connections)
      : target_(std::move(target)), prefix_(std::move(prefix)) {
    for (std::size_t n = 0; n < connections; ++n) channels_.push_back(bench::NewChannel(target_));
    poller_ = std::thread([this] {
      void* tag = nullptr;
      bool ok = false;
      while (cq_.Next(&tag, &ok)) static_cast<rpc::Tag*>(tag)->Fire(ok);
    });
  }

  std::string Open(std::size_t streams, std::size_t under_way) {
    const MonoTime begun = Now();
    for (std::size_t i = 0; i < streams; ++i) {
      streams_.push_back(std::make_unique<Connection>(Next(std::to_string(streams_.size())), cq_, counters_));
      if (!Until([&] {
            return counters_.joined.load() + counters_.ended.load() >= Behind(i, streams, under_way);
          })) {
        break;
      }
    }
    return Told("joined", counters_.joined.load(), begun);
  }

  std::string Update(std::size_t rate) {
    const MonoTime begun = Now();
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (rate != 0) {
        std::this_thread::sleep_for(begun + std::chrono::nanoseconds(i * 1'000'000'000 / rate) - Now());
      }
      streams_[i]->Update(++updates_);
    }
    Until([&] { return counters_.unsent.load() <= 0; });
    return Told("updated", static_cast<std::int64_t>(streams_.size()), begun);
  }

  std::string Cancel() {
    const MonoTime begun = Now();
    for (auto& stream : streams_) stream->Cancel();
    Until([&] { return counters_.ended.load() >= static_cast<std::int64_t>(streams_.size()); });
    return Told("ended", counters_.ended.load(), begun);
  }

  // Clients whose paths seem to lose nine pings of ten: of contracts for these nothing is cheap to say.
  std::string Spoil(std::size_t clients) {
    const MonoTime begun = Now();
    const std::size_t first = spoilt_.size();
    for (std::size_t i = 0; i < clients; ++i) {
      ConnectionOptions options = Next("spoilt-" + std::to_string(first + i));
      options.interval = std::chrono::milliseconds(100);
      options.timeout = std::chrono::minutes(10);
      options.sequence_step = 60;
      // Only then is the path measured.
      options.adjust = [](v1::Hello& hello) {
        hello.mutable_detection()->set_method(v1::DETECTION_METHOD_ACCRUAL);
      };
      spoilt_.push_back(std::make_unique<Connection>(options, cq_, counters_));
    }
    for (int round = 0; round < 40; ++round) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      for (auto& each : spoilt_) each->Ping();
    }
    return Told("spoilt", static_cast<std::int64_t>(spoilt_.size()), begun);
  }

  // REQUIRES: some are spoilt.
  std::string Refuse(std::size_t hellos, std::size_t under_way) {
    const MonoTime begun = Now();
    const std::int64_t before = counters_.ended.load();
    for (std::size_t i = 0; i < hellos; ++i) {
      ConnectionOptions options = Next(spoilt_[i % spoilt_.size()]->client_id());
      // Each its own: no answer is another's.
      options.adjust = [i](v1::Hello& hello) {
        hello.clear_interval();
        hello.clear_timeout();
        hello.mutable_quality()->mutable_found_within()->set_nanos(
            static_cast<std::int32_t>(500'000'000 + i));
        hello.mutable_quality()->mutable_mistake_recurrence()->set_seconds(1'000'000'000);
      };
      refused_.push_back(std::make_unique<Connection>(options, cq_, counters_));
      if (!Until([&] { return counters_.ended.load() - before >= Behind(i, hellos, under_way); })) break;
    }
    return Told("refused", counters_.ended.load() - before, begun);
  }

 private:
  // How many must be through before the one after number `i` may begin.
  static std::int64_t Behind(std::size_t i, std::size_t count, std::size_t under_way) {
    return static_cast<std::int64_t>(i + 1 < count ? i + 1 - std::min(i + 1, under_way) : count);
  }
  ConnectionOptions Next(const std::string& name) {
    ConnectionOptions options{target_, name.starts_with(prefix_) ? name : prefix_ + name,
                              std::chrono::minutes(59), std::chrono::hours(2)};
    options.channel = channels_[next_++ % channels_.size()];
    return options;
  }
  template <typename Condition>
  static bool Until(Condition condition) {
    const MonoTime end = Now() + kPatience;
    while (!condition()) {
      if (Now() > end) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
  }
  static std::string Told(const char* what, std::int64_t count, MonoTime begun) {
    std::ostringstream out;
    out << "{\"" << what << "\": " << count
        << ", \"seconds\": " << std::chrono::duration<double>(Now() - begun).count() << "}";
    return out.str();
  }

  const std::string target_;
  const std::string prefix_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  bench::Counters counters_;
  grpc::CompletionQueue cq_;
  std::size_t next_ = 0;
  std::uint64_t updates_ = 0;
  std::vector<std::unique_ptr<Connection>> streams_;
  std::vector<std::unique_ptr<Connection>> spoilt_;
  std::vector<std::unique_ptr<Connection>> refused_;
  std::thread poller_;  // until the end of the process
};

int Main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: fault_storm HOST:PORT PREFIX CONNECTIONS\n");
    return 2;
  }
  auto& storm = *new Storm(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10));
  bench::AnswerCommands("{\"ready\": true}",
                        [&](const std::string& verb, std::istringstream& words) -> std::string {
                          std::size_t count = 0, under_way = 0;
                          words >> count >> under_way;
                          if (verb == "open") return storm.Open(count, under_way);
                          if (verb == "update") return storm.Update(count);
                          if (verb == "cancel") return storm.Cancel();
                          if (verb == "spoil") return storm.Spoil(count);
                          return verb == "refuse" ? storm.Refuse(count, under_way) : "{}";
                        });
  std::_Exit(0);  // thousands of streams end with the process
}

}  // namespace
}  // namespace liveness::fault

int main(int argc, char** argv) { return liveness::fault::Main(argc, argv); }
