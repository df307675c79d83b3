// Accepts connections on the listening sockets and hands them over.
//
// gRPC 1.51's own listener stops for ever at the first accept() that finds no descriptor
// (CVE-2023-4785), and knows neither a bound nor a rate. So the sockets are ours, and a
// thread of ours accepts: what fails is counted and tried again after a pause, what is too
// much is closed in an orderly way, and the rest is given to gRPC as descriptors
// (docs/adr/0022-the-acceptor.md).
//
// Life: listening when made, accepting from Start() to Stop(); what the kernel took in before
// Start() waits in its queue. Figures() may be asked on any thread, the rest is one thread's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "common/tcp_keepalive.h"
#include "server/net/accept_figures.h"
#include "server/net/connection_admission.h"
#include "server/net/listen_socket.h"
#include "server/net/own_connections.h"
#include "server/net/polite_close.h"

namespace liveness::net {

struct AcceptorOptions {
  ConnectionAdmission::Options admission;
  common::TcpKeepalive keepalive;  // for what a socket accepts that listened before it was set
  // Each is called on the acceptor's thread, or null. A line for the log, a few a minute at most.
  std::function<void(const std::string&)> on_notice;
  // accept() failed for want of something: whether new connections still come in is worth a try.
  std::function<void()> on_error;
};

class Acceptor {
 public:
  // Takes a connected socket over, not blocking and closed on exec. Must not wait.
  using Handler = std::function<void(int listener_fd, int fd)>;

  // `clock` outlives it.
  Acceptor(const common::Clock& clock, AcceptorOptions options, std::vector<ListenSocket> sockets);
  // Stops.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // REQUIRES: not started before.
  void Start(Handler handler);
  // Closes the listening sockets, removes the files of Unix sockets, and returns when nothing
  // is being handed over any more. What still waits in the kernel's queues is refused by it.
  void Stop();

  AcceptFigures Figures() const;
  // What this process dials itself with is to be announced here.
  OwnConnections& own() { return own_; }

 private:
  struct Source {
    int fd;
    bool set_options;
  };
  void Run();
  // Accepts what waits, a turn's worth. False if it is better to pause.
  bool AcceptFrom(const Source& source);
  void TakeIn(const Source& source, int fd);
  // One error of accept(). False if the next would fail likewise.
  bool OnError(const Source& source, int error);
  // No descriptor is left: the spare one lets us at least close what waits.
  void CloseWaiting(const Source& source);
  void Pause();
  // Counts anew, a few times a second.
  void Tend();
  void Notice(common::MonoTime& next, const std::string& text);

  const common::Clock& clock_;
  const AcceptorOptions options_;
  const int wake_fd_;  // an eventfd
  Handler handler_;
  OwnConnections own_;

  // Only its own thread's, once that runs.
  std::vector<Source> sources_;
  ConnectionAdmission admission_;
  PoliteClose closing_;
  int spare_fd_ = -1;
  common::Duration pause_{};
  common::MonoTime paused_until_{};
  common::MonoTime next_tend_{};
  common::MonoTime next_full_notice_{};
  common::MonoTime next_fast_notice_{};
  common::MonoTime next_error_notice_{};

  mutable common::Mutex mu_;
  std::vector<ListenSocket> sockets_ ABSL_GUARDED_BY(mu_);
  AcceptFigures figures_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;  // last: it uses all the others
};

}  // namespace liveness::net
