// One socket that listens, owned. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "common/tcp_keepalive.h"
#include "server/net/endpoint.h"

namespace liveness::net {

// The file that a Unix socket was bound to, to be removed at the end if it is still that one.
struct BoundPath {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
};

// How many connections wait to be accepted.
struct Backlog {
  std::uint64_t waiting = 0;  // now
  std::uint64_t limit = 0;    // what the kernel granted; 0 if it does not tell (Unix sockets)
  std::uint64_t dropped = 0;  // that found the queue full, since the socket listens
};

class ListenSocket {
 public:
  // Takes `fd` over. `text` is how it is told to people: `127.0.0.1:7700`, `unix:/run/x`.
  ListenSocket(int fd, std::string text) : fd_(fd), text_(std::move(text)) {}
  // Closes it, and removes the file that it was bound to.
  ~ListenSocket();
  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;

  // Removes `bound` at the end.
  void Owns(BoundPath bound) { bound_ = std::move(bound); }
  void SetText(std::string text) { text_ = std::move(text); }
  // It listened before its options were set: what it accepts may lack them.
  void SetAcceptedNeedOptions() { accepted_need_options_ = true; }

  int fd() const { return fd_; }
  const std::string& text() const { return text_; }
  bool accepted_need_options() const { return accepted_need_options_; }
  bool is_tcp() const { return common::IsTcp(fd_); }
  // TCP, and bound to an address that others than this host reach.
  bool is_wide() const;
  // Of a TCP socket; otherwise 0.
  std::uint16_t port() const;
  Backlog backlog() const;

 private:
  // Where a TCP socket is bound; nothing of another.
  std::optional<Endpoint> endpoint() const;
  void Close();

  int fd_ = -1;
  std::string text_;
  BoundPath bound_;
  bool accepted_need_options_ = false;
};

}  // namespace liveness::net
