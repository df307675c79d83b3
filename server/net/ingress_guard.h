// Closes connections that send faster than any client has reason to.
//
// gRPC 1.51 gathers a message to its end before it looks at the bound on its size, and
// a message may claim 4 GiB; a block of headers has no bound at all for a peer that does
// not acknowledge our settings; and a thread that reads a connection does nothing else
// while there is more to read. Nothing of gRPC's own bounds that, so this looks at what
// the kernel has counted for each connection, from a thread of its own.
//
// Each connection may send `burst` bytes at once and `rate` bytes a second over time.
// A client sends some hundred bytes a second; a hundred clients on one connection that
// report as much as they may, ten times a second, 2.5 MB.
//
// A connection is known by its descriptor's number and the kernel's cookie for the socket.
// No duplicate of the descriptor is kept, so nothing tells when it is closed: the number
// is looked at only as long as the cookie is the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/net/endpoint.h"

namespace liveness::net {

struct IngressOptions {
  double burst = 8.0 * 1024 * 1024;
  double rate = 4.0 * 1024 * 1024;
  common::Duration period = std::chrono::milliseconds(50);
  // Descriptors that are looked at in a period, a microsecond or two each: with fewer
  // connections each is looked at in every period, with 20,000 each within 5 s.
  std::size_t looks = 200;
};

// Thread-safe.
class IngressGuard {
 public:
  // Told on the guard's thread, at most once a second: the last that was closed, and how
  // many since the last time.
  using Closed = std::function<void(const Endpoint& last, std::size_t count)>;

  // `clock` outlives it. `closed` may be null.
  IngressGuard(const IngressOptions& options, const common::Clock& clock, Closed closed);
  ~IngressGuard();
  IngressGuard(const IngressGuard&) = delete;
  IngressGuard& operator=(const IngressGuard&) = delete;

  // A TCP connection was accepted; anything else is ignored.
  void OnAccept(int fd);

  // One period's looks. The thread does this once started; public for tests.
  void Look();
  void Start();
  void Stop();

 private:
  struct Slot {
    std::uint64_t cookie = 0;  // 0: none
    std::uint64_t received = 0;
    double left = 0;
    common::MonoTime at{};
    Endpoint peer;
  };
  void Run();
  void Tell();
  // True if it was closed for what it sent.
  bool LookAt(int fd, Slot& slot, common::MonoTime now) const;

  const IngressOptions options_;
  const common::Clock& clock_;
  const Closed closed_;

  common::Mutex mu_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mu_);  // by descriptor
  std::size_t next_ ABSL_GUARDED_BY(mu_) = 0;
  Endpoint last_closed_ ABSL_GUARDED_BY(mu_);
  std::size_t untold_ ABSL_GUARDED_BY(mu_) = 0;
  common::MonoTime tell_next_ ABSL_GUARDED_BY(mu_){};

  common::Mutex thread_mu_;
  common::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(thread_mu_) = false;
  std::thread thread_;
};

}  // namespace liveness::net
