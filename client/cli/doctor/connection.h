// Bare connections, for who wants to see what lies below gRPC: names, TCP and what is said first.
// Everything here ends within the time that it is given. Linux. Not thread-safe.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/cli/doctor/facts.h"
#include "common/clock.h"

namespace liveness::cli::doctor {

// Owns a socket that does not block.
class Connection {
 public:
  explicit Connection(int fd = -1) : fd_(fd) {}
  ~Connection();
  Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Connection& operator=(Connection&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

  // False if not all could be sent.
  bool Send(std::string_view bytes, common::Duration limit);
  struct Received {
    std::string bytes;
    bool closed = false;
  };
  // What comes, while `wants_more` of it, until the connection ends or `limit` has passed.
  Received Receive(const std::function<bool(std::string_view)>& wants_more, common::Duration limit);
  // False if `limit` passes before the socket can be read from (or written to).
  bool AwaitReadable(common::Duration limit) const;
  bool AwaitWritable(common::Duration limit) const;

 private:
  int fd_;
};

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
  std::string text;
};

// HOST and PORT of a target as gRPC takes it: HOST:PORT, [V6]:PORT, dns:///HOST:PORT.
// REQUIRES: it is no Unix socket.
std::pair<std::string, std::string> SplitTarget(std::string_view target);

// All addresses of `target`, which may be unix:PATH, in the order in which to try them.
NameFacts Resolve(const std::string& target, common::Duration limit, std::vector<Address>& addresses);

// Connects to all `addresses` at once. `first`: the connection to the first of them that has one.
std::vector<ConnectFacts> ConnectAll(const std::vector<Address>& addresses, common::Duration limit,
                                     Connection& first);
// The same to one.
Connection ConnectTo(const Address& address, common::Duration limit);

}  // namespace liveness::cli::doctor
