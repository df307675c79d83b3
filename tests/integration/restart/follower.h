// A watcher that outlives its server: where the last one was killed it goes on, by
// revision, at the next, and checks all that it is told.
//
//   a gap, a snapshot to one that asked for none, a revision twice or going back,
//   a transition that does not begin where the client's last one ended, an
//   incarnation that goes back, a second death of one incarnation
//
// Its reader is a thread of its own; the methods are for one other.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::testing {

class Follower {
 public:
  using Picture = std::map<std::string, v1::Client>;

  // `name` is for complaints. `zone`: only clients with that label `zone`; empty: all.
  explicit Follower(std::string name, std::string zone = "");
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Reads from this server on: a snapshot the first time, then what is above the last revision.
  // REQUIRES: the server before is gone.
  void Follow(const std::shared_ptr<grpc::Channel>& channel);
  // Ends its stream.
  void Leave();

  // Waits until all up to `revision` was told, and replays that much and no more.
  // Nothing if it was not told in time, or its snapshot is younger. REQUIRES: the revisions of
  // one follower's calls grow.
  std::optional<Picture> At(std::uint64_t revision);
  // Waits until its snapshot is whole; false if that takes too long.
  bool HasBegun();

  // Those that became DEAD since the last call.
  std::vector<v1::Transition> TakeDeaths();
  std::uint64_t revision() const;
  std::int64_t transitions() const;
  // What it was told that must not be; empty if nothing.
  std::string complaints() const;
  // With what its last stream ended; empty while it has one.
  std::string end() const;
  const std::string& zone() const { return zone_; }

 private:
  void Read(const std::shared_ptr<grpc::Channel>& channel, v1::WatchClientsRequest request);
  void Take(v1::WatchClientsResponse message, bool resumed);
  void TakeTransition(v1::Transition transition);
  // To the picture.
  void Apply(const v1::Transition& transition);
  void Complain(const std::string& what);

  const std::string name_;
  const std::string zone_;
  std::thread reader_;

  mutable std::mutex mu_;
  std::condition_variable changed_;
  grpc::ClientContext* context_ = nullptr;  // of the stream that is read
  bool leaving_ = false;
  std::string end_;
  bool begun_ = false;  // has a whole snapshot
  std::string history_id_;
  std::uint64_t revision_ = 0;         // all up to here was told
  std::uint64_t last_transition_ = 0;  // the revision of the last one
  Picture picture_;
  std::uint64_t pictured_ = 0;          // the picture's revision
  std::deque<v1::Transition> waiting_;  // told, and not yet in the picture
  std::set<std::uint64_t> dead_;        // incarnations
  std::vector<v1::Transition> deaths_;
  std::int64_t transitions_ = 0;
  std::string complaints_;
};

}  // namespace liveness::testing
