// Which of several servers answers first, without waiting long for those that are
// dead: the next one is tried as well when one has not connected for a moment, and what
// connects first is used.
//
//   0 ms      250 ms     500 ms
//   a ------------------------------    answers no SYN
//             b -xx                     refuses twice: Next() gives b, and the call says why
//                        c --+          connects: Next() gives c
//
// A server that refuses is tried once more at once: gRPC 1.51 looks at errno after other calls than
// connect() and takes one good connection in a thousand for a refused one (grpc/grpc#35064). When all
// servers have been tried, each of the others is tried once more with little time for each of its
// addresses, because a name may have dead addresses before the good one. All are tried within
// half of the time that there is. A server that is still connecting when the race is destroyed
// is given up.
//
// Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <grpcpp/channel.h>

#include "common/clock.h"

namespace liveness::cli {

class ServerRace {
 public:
  static constexpr common::Duration kStagger = std::chrono::milliseconds(250);
  // What each address of a server may take to connect.
  static constexpr common::Duration kPatience = std::chrono::seconds(2);
  static constexpr common::Duration kLittlePatience = std::chrono::milliseconds(250);

  using Connect =
      std::function<std::shared_ptr<grpc::Channel>(std::size_t server, common::Duration patience)>;
  // `servers`: in the order in which they are tried. `connect` gives a channel to one of them, which may be
  // connected already. `stop` is asked now and then, and ends the race early by true.
  ServerRace(std::vector<std::size_t> servers, Connect connect, std::function<bool()> stop,
             common::MonoTime give_up);

  struct Found {
    std::size_t server = 0;
    std::shared_ptr<grpc::Channel> channel;
  };
  // The next server that is connected, or that refused twice: a call over its channel then tells how. Each
  // server is given once. None if no other one connected in time, if none is left, or if `stop` said so.
  std::optional<Found> Next();

  // The servers that Next() has not given.
  const std::vector<std::size_t>& left() const { return left_; }

 private:
  struct Attempt {
    std::size_t server = 0;
    std::shared_ptr<grpc::Channel> channel;
    bool is_second = false;
    common::MonoTime begun{};
    common::Duration patience{};
  };

  // Begins the attempts that are due. Returns when the next one is.
  common::MonoTime Begin(common::MonoTime now);
  void Begin(Attempt& attempt, common::MonoTime now, common::Duration patience);
  std::optional<Found> Take(common::MonoTime now);
  // The server refused its first attempt: that one becomes the second.
  void TryAgain(Attempt& first, common::MonoTime now);
  void Wait(common::MonoTime until);

  const Connect connect_;
  const std::function<bool()> stop_;
  const common::MonoTime give_up_;
  std::vector<Attempt> to_begin_;  // the next is the last
  common::Duration stagger_;
  common::MonoTime next_at_;
  std::vector<Attempt> attempts_;
  std::vector<std::size_t> left_;
  std::size_t turn_ = 0;
};

}  // namespace liveness::cli
