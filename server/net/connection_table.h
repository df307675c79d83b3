// How many of the connections that were handed to gRPC are still there.
//
// gRPC does not tell when it closes one, and a descriptor of our own would hold it
// open. So each is remembered by its number and the kernel's cookie for the socket
// (SO_COOKIE, never used twice): a number behind which there is another socket, or
// none, is a connection that is gone. Looking costs one system call (about 0.3 us),
// done for a slice at a time; a new connection on a known number takes the old one's
// place without a look.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "common/socket_cookie.h"

namespace liveness::net {

class ConnectionTable {
 public:
  using CookieReader = std::function<std::optional<std::uint64_t>(int fd)>;

  explicit ConnectionTable(CookieReader read_cookie = common::SocketCookie)
      : read_cookie_(std::move(read_cookie)) {}

  // `own`: this process's own, which is not counted among the others'.
  void Add(int fd, bool own);
  // Looks at the next `count` connections, in turn, and forgets those that are gone.
  void Sweep(std::size_t count);

  // Those not seen to be gone yet, without our own.
  std::size_t size() const { return others_; }
  std::size_t own() const { return own_; }

 private:
  struct Entry {
    std::uint64_t cookie = 0;  // 0: nothing here
    bool own = false;
  };
  void Forget(Entry& entry);

  const CookieReader read_cookie_;
  std::vector<Entry> by_fd_;
  std::size_t others_ = 0;
  std::size_t own_ = 0;
  std::size_t next_ = 0;  // where the next sweep begins
};

}  // namespace liveness::net
