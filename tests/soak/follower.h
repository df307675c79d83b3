// Follows a server's transitions over its restarts, and holds them against what it may say.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::soak {

// Thread-safe.
class Follower {
 public:
  // Of clients whose ids begin with `steady` nobody may ever say that they are suspect or dead,
  // but a server that has just begun, which suspects all that it knew.
  Follower(std::string address, std::string token, std::string steady);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // When the client was told DEAD; nothing: it was not, till now.
  std::optional<std::chrono::steady_clock::time_point> DeadAt(const std::string& client_id) const;
  std::vector<std::string> wrongs() const;  // in words
  std::uint64_t transitions() const;
  std::uint64_t deaths() const;
  std::uint64_t gaps() const;

 private:
  void Run(const std::stop_token& stop);
  void Take(const v1::WatchClientsResponse& response);
  void Take(const v1::Transition& transition);

  const std::string address_, token_, steady_;
  mutable std::mutex mu_;
  grpc::ClientContext* context_ = nullptr;  // of the watch that is open
  std::uint64_t revision_ = 0;
  std::string history_id_;
  std::map<std::string, std::chrono::steady_clock::time_point> dead_at_;
  std::set<std::pair<std::string, std::uint64_t>> died_;  // client and incarnation
  std::vector<std::string> wrongs_;
  std::uint64_t transitions_ = 0, gaps_ = 0;
  std::jthread thread_;
};

}  // namespace liveness::soak
