// A thousand clients that beat on, and what was said of them: who must not be disturbed by what a test does
// beside them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <grpcpp/security/credentials.h>

#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::testing {

// How many of so many clients this build bears on the machines that test it: a sanitizer makes both sides
// some ten times slower, and clients that ping late for that are rightly suspected.
int Bearable(int clients);

struct FleetOptions {
  std::string address;
  std::string token;  // a bearer's, empty: none
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  std::string prefix = "by-";
  int clients = Bearable(1'000);
  int per_connection = 50;
  std::chrono::milliseconds interval{500};
  std::chrono::milliseconds timeout{2'000};
};

// One thread may use it. Its clients ping from a thread of its own until it goes.
class Fleet {
 public:
  // Returns once all are welcomed, or failed to be.
  explicit Fleet(FleetOptions options);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  int welcomed() const { return welcomed_.load(); }
  // Streams that ended and were not cut off here.
  int ended() const { return ended_.load(); }
  // Whose streams CutOff() would break.
  std::vector<std::string> Last(int count) const;
  // Breaks the last `count` streams that are left.
  void CutOff(int count);

 private:
  class Stream;
  void Beat(const std::stop_token& stop);

  const FleetOptions options_;
  std::atomic<int> welcomed_{0};
  std::atomic<int> ended_{0};
  std::vector<std::shared_ptr<Stream>> streams_;
  std::size_t left_ = 0;  // those that were not cut off come first
  std::jthread beats_;
};

// Watches a server's transitions of clients whose ids begin with a prefix, from its start on.
class FleetWatch {
 public:
  FleetWatch(std::shared_ptr<grpc::Channel> channel, const std::string& token, std::string prefix);
  ~FleetWatch();
  FleetWatch(const FleetWatch&) = delete;
  FleetWatch& operator=(const FleetWatch&) = delete;

  // SUSPECT or DEAD was said so often, but of those that are expected to be.
  int blamed() const;
  // How often the watch was told that it missed something.
  int gaps() const;
  // How long after `since` each of `ids` was told SUSPECT, sorted; waits for that, and gives up after
  // `patience`: then some are missing.
  std::vector<std::chrono::milliseconds> Found(const std::vector<std::string>& ids,
                                               std::chrono::steady_clock::time_point since,
                                               std::chrono::milliseconds patience);
  // From now on it is no blame that these fall.
  void Expect(const std::vector<std::string>& ids);

 private:
  struct Told;
  void Read();

  const std::string prefix_;
  const std::unique_ptr<Told> told_;
  const std::unique_ptr<v1::RegistryService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchClientsResponse>> reader_;
  std::thread thread_;
};

}  // namespace liveness::testing
