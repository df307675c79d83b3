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
// Few bytes can cost as much: what gRPC 1.51 has of a header that is not complete it reads again from its
// beginning with each frame (CVE-2023-33953), so that a megabyte in frames of ten bytes keeps a thread for
// seconds, and everybody else of that thread waits. Nothing that the kernel counts tells such frames from
// others. But the thread does not come round: while `stalled` says so, the connection that has sent most
// since all was well is closed, if that is much.
//
// What a closed connection has sent and gRPC has not read is dropped.
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
  // Sent since all was well: from here on a connection may be what stalls us.
  double stall_bytes = 32.0 * 1024;
  // How far back "since all was well" goes at least. A stall is seen only after a while, when what causes it
  // has come long ago and the kernel takes no more.
  common::Duration stall_memory = std::chrono::seconds(1);
  // Between two that are closed for a stall: a thread has to be seen to come round.
  common::Duration stall_pause = std::chrono::milliseconds(100);
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

  // A thread that serves connections has not come round for longer than a busy one takes. Called on the
  // guard's thread, each period.
  using Stalled = std::function<bool()>;

  // `clock` outlives it. `closed` and `stalled` may be null.
  IngressGuard(const IngressOptions& options, const common::Clock& clock, Closed closed,
               Stalled stalled = nullptr);
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
    // `received` one to two `stall_memory` ago, and since then; kept while something is stalled.
    std::uint64_t at_ease = 0, lately = 0;
    common::MonoTime noted{};  // `lately`
    double left = 0;
    common::MonoTime at{};
    Endpoint peer;
  };
  void Run();
  void Tell();
  // True if it was closed for what it sent.
  bool LookAt(int fd, Slot& slot, common::MonoTime now, bool at_ease) const;
  // Closes the one that sent most since all was well.
  void EndStall();

  const IngressOptions options_;
  const common::Clock& clock_;
  const Closed closed_;
  const Stalled stalled_;

  common::Mutex mu_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mu_);  // by descriptor
  std::size_t next_ ABSL_GUARDED_BY(mu_) = 0;
  Endpoint last_closed_ ABSL_GUARDED_BY(mu_);
  std::size_t untold_ ABSL_GUARDED_BY(mu_) = 0;
  common::MonoTime tell_next_ ABSL_GUARDED_BY(mu_){};
  common::MonoTime end_stall_next_ ABSL_GUARDED_BY(mu_){};

  common::Mutex thread_mu_;
  common::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(thread_mu_) = false;
  std::thread thread_;
};

}  // namespace liveness::net
