// Clients that register at a fixed rate, and also leave, fail, drop, come back and
// change their labels, by a seeded chance, on a server that is killed in between.
//
// Of one thread: what the clients hear is taken in while Run() and Drop() are
// under way. A client that was live when the server was killed comes back later;
// it pings never, so its timeout must outlast the server's lives.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include <grpcpp/completion_queue.h>

#include "tests/integration/restart/member.h"
#include "tests/integration/restart/visit.h"

namespace liveness::testing {

class ChurnLoad final : public Visit::Host {
 public:
  using Clock = std::chrono::steady_clock;

  struct Options {
    int clients = 200;
    int registrations_per_second = 500;
    std::chrono::milliseconds interval{1'000};
    std::chrono::milliseconds timeout{20'000};
    std::uint64_t seed = 0;
  };
  explicit ChurnLoad(const Options& options);
  // REQUIRES: no stream is open; see Drop.
  ~ChurnLoad() override;

  // A server is there, and was at `revision` before it knew any of us: what it gives out must lie above.
  // About half of those that were live come back at once, the others some time; or all.
  void Begin(const std::string& address, std::uint64_t revision, bool all_come_back = false);
  void Run(Clock::time_point until);
  // No new ones; until every hello is answered. False if that takes too long.
  bool Settle();
  // The server is gone, or going: takes in how every stream ended. False if that takes too long.
  bool Drop();

  const std::vector<Member>& members() const { return members_; }
  // True of an instance that left, was dropped or was superseded: its death is no mistake.
  bool GaveUp(const std::string& instance) const { return given_up_.contains(instance); }
  // The highest incarnation that a client was given.
  std::uint64_t highest_incarnation() const { return highest_incarnation_; }
  std::int64_t welcomed() const { return welcomed_; }
  std::int64_t resumed() const { return resumed_; }
  // What clients saw that must not be; empty if nothing.
  const std::string& complaints() const { return complaints_; }

  void OnResponse(Visit& visit, const v1::HeartbeatResponse& response) override;
  void OnEnd(Visit& visit, const grpc::Status& status) override;

 private:
  // The latest stream of a member.
  struct Seat {
    Visit* visit = nullptr;
    bool joining = false;  // its hello has no answer
    std::size_t channel = 0;
  };

  std::size_t Pick() { return static_cast<std::size_t>(random_() % members_.size()); }
  void Turn();
  void Register(std::size_t number);
  void Resume(std::size_t number);
  void SayGoodbye(std::size_t number);
  void GiveUp(std::size_t number);
  void ChangeLabels(std::size_t number);
  bool IsIn(std::size_t number) const;  // and has a stream
  void SayHello(std::size_t number, const std::string& instance, const std::string& token);
  void Welcomed(std::size_t number, const v1::Hello& hello, const v1::Welcome& welcome);
  // Takes in what comes until then. False at the end of that time, true after one event.
  bool TakeOne(Clock::time_point until);
  void Complain(std::size_t number, const std::string& what);

  const Options options_;
  std::mt19937_64 random_;
  grpc::CompletionQueue cq_;
  std::vector<std::unique_ptr<v1::HeartbeatService::Stub>> stubs_;  // each with a connection of its own
  std::vector<Member> members_;
  std::vector<Seat> seats_;  // of each member
  int open_ = 0;             // visits
  bool serving_ = false;     // the server is meant to be there
  std::uint64_t floor_ = 0;  // incarnations lie above
  std::unordered_set<std::string> given_up_;
  std::unordered_set<std::uint64_t> incarnations_;
  std::uint64_t highest_incarnation_ = 0;
  std::int64_t welcomed_ = 0;
  std::int64_t resumed_ = 0;
  std::string complaints_;
};

}  // namespace liveness::testing
