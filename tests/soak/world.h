// The server of a soak, and all that is done to it at once.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <liveness/client.h>

#include "tests/soak/follower.h"
#include "tests/soak/trend.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::soak {

class World {
 public:
  explicit World(std::chrono::duration<double> length);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // True if nothing was wrong. Once. The thread that calls it must live as long as the server.
  bool Run();

 private:
  using Clock = std::chrono::steady_clock;

  // --- The server; this thread ---
  bool StartServer();
  void Disturb();  // stops it, tells it to read its files again, or, early on, kills it
  void TakeSample();
  bool Report();

  // --- The others, each a thread that does the same again and again ---
  void Add(const std::string& name, std::function<void()> once);
  // A client that falls silent with its connection open, and must be found.
  void FallSilent();

  // What the server's clients were credited in this life; 0 if it does not say.
  std::chrono::milliseconds Credited() const;

  std::string Token(const std::string& name) const;
  void Note(const std::string& what) {
    std::lock_guard lock(mu_);
    ++done_[what];
  }
  void Wrong(std::string what) {
    std::lock_guard lock(mu_);
    wrongs_.push_back(std::move(what));
  }

  const std::chrono::duration<double> length_;
  const Clock::time_point begun_ = Clock::now();
  testing::TempDir dir_;
  std::vector<std::string> flags_;
  std::string address_;
  std::unique_ptr<testing::ServerProcess> server_;
  int life_ = 0;
  std::vector<Sample> samples_;
  std::vector<std::unique_ptr<Client>> steady_;
  std::optional<Follower> follower_;

  std::mutex mu_;
  std::map<std::string, long> done_;
  std::vector<std::string> wrongs_;
  std::chrono::milliseconds slowest_find_{0};
  // How long the server was stopped or away, in all: a silence is found so much later.
  std::atomic<std::int64_t> away_ms_{0};

  std::vector<std::jthread> threads_;
};

}  // namespace liveness::soak
