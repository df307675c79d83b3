// Closes connections that send what no client has reason to send.
//
// gRPC 1.51 gathers a message to its end before it looks at the bound on its size; a block of headers has no
// bound at all for a peer that does not acknowledge our settings; what gRPC has of a header that is not
// complete it reads again from its beginning with each frame (CVE-2023-33953), so that a megabyte in frames
// of ten bytes keeps a thread for seconds; and a thread that reads a connection does nothing else while there
// is more to read, be it an I/O thread, the acceptor or whichever last called into gRPC. Nothing of gRPC's
// own bounds that. So this looks at what the kernel has counted for each connection, from a thread of its
// own:
//
//   what is read and not answered    Whatever a client says is answered: a ping by a pong, a call by its end,
//   a
//                                    long message by more room. A header without an end is not. A connection
//                                    may have `burst` bytes read of it, and `per_answered` more for each byte
//                                    that we have written to it since.
//   how much waits for how long      A reader that does not come to the end of what has come is kept by it,
//                                    or by another connection's, of which as much waits: the bytes that
//                                    wait, times the time that this process has worked since none did or
//                                    something was written to it, are at most `backlog`. Who is answered is
//                                    read; and a process that was stopped or starved is kept by nobody.
//
// A client sends some hundred bytes a second, and gets half as much back; one that reports as much as it may,
// 2.5 KB for a pong of 45 bytes. 600 B/s may wait for 6 s of work before that is much, a hundred such clients
// on one connection for 0.6 s.
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
  double burst = 10.0 * 1024 * 1024;  // more than the largest message
  double per_answered = 256;
  double backlog = 12.0 * 1024;  // bytes times seconds
  int backlog_looks = 4;         // so often in a row at least it must have been seen
  common::Duration period = std::chrono::milliseconds(50);
  // Of the process since the last looks, or there are none: who costs so little does no harm.
  common::Duration least_work = std::chrono::milliseconds(2);
  // Descriptors that are looked at in a period, a microsecond or two each: with fewer
  // connections each is looked at in every period, with 20,000 each within 10 s. Beside
  // them, as many at most of which something waited when they were looked at last.
  std::size_t looks = 100;
};

// Thread-safe.
class IngressGuard {
 public:
  // Told on the guard's thread, at most once a second: the last that was closed, and how
  // many since the last time.
  using Closed = std::function<void(const Endpoint& last, std::size_t count)>;

  // How long this process has worked, on all its threads together. Any thread.
  using Worked = std::function<common::Duration()>;

  // `clock` outlives it. `closed` may be null.
  IngressGuard(const IngressOptions& options, const common::Clock& clock, Worked worked, Closed closed);
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
    std::uint64_t cookie = 0;    // 0: none
    std::uint64_t received = 0;  // and acknowledged, by the kernel
    std::uint64_t read = 0, written = 0;
    double left = 0;        // may be read of it
    int waiting_looks = 0;  // in a row at which something waited
    double waited = 0;      // bytes times seconds of these
    common::Duration at{};  // when it was looked at, as `worked` has it
    Endpoint peer;
    bool is_listed = false;  // in `waiting_`
  };
  void Run();
  void Tell();
  void LookAtWaiting();
  void LookAt(std::size_t fd, common::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsTooMuch(int fd, Slot& slot, common::Duration now) const;
  bool WaitsTooLong(Slot& slot, std::uint64_t unread, bool wrote, common::Duration now) const;

  const IngressOptions options_;
  const common::Clock& clock_;
  const Worked worked_;
  const Closed closed_;

  common::Mutex mu_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mu_);  // by descriptor
  std::size_t next_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::size_t> waiting_ ABSL_GUARDED_BY(mu_);  // what is looked at before its turn
  Endpoint last_closed_ ABSL_GUARDED_BY(mu_);
  std::size_t untold_ ABSL_GUARDED_BY(mu_) = 0;
  common::MonoTime tell_next_ ABSL_GUARDED_BY(mu_){};

  common::Mutex thread_mu_;
  common::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(thread_mu_) = false;
  std::thread thread_;
};

}  // namespace liveness::net
