// Tells of streams that ended without goodbye, on a thread of its own.
//
// What the connection of an ended stream shows decides the cause, and is asked of
// the kernel: some 50 us each. Then the registry takes its lock, and a line is
// logged. When a load balancer restarts, all streams of a server end at once: a
// completion queue that did this itself would be deaf for seconds, to clients that
// are well. Here the ended streams wait in line; the kernel is asked about all of
// them together (net/tcp_diag.h knows how), and they are told one by one, in the
// order in which they ended. A single one is told at once.
//
// A client may be back before the end of its older stream is told: the registry
// drops what an older attachment says.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/detection/evidence.h"
#include "server/net/tcp_diag.h"
#include "server/registry/records/session.h"
#include "server/rpc/heartbeat/stream_link.h"

namespace liveness::rpc {

class HeartbeatWriter;

struct EndedStream {
  std::shared_ptr<registry::Session> session;
  std::uint64_t attachment = 0;
  // Null if its client did not end it: that needs no line in the log, and no client has left.
  std::shared_ptr<HeartbeatWriter> stream;
  std::string client_id;  // for the log
  common::MonoTime ended_at{};
  // kNone: cancelled, or its connection is gone; the look tells which.
  core::StreamEnd how = core::StreamEnd::kNone;
  bool look = true;  // at its connection
  StreamLink link;
};

class StreamCloser {
 public:
  // So many may wait: as many as net::AcceptedSockets remembers.
  static constexpr std::size_t kMaxWaiting = 200'000;

  // What the kernel knows of each of these connections, in their order.
  using Ask = std::function<std::vector<core::TcpEvidence>(std::span<const net::TcpDiag::Question>)>;
  // `ended.how` is known; the connection was looked at if `link.taken_at` is set.
  using Tell = std::function<void(const EndedStream& ended, const core::LinkEvidence& link)>;

  // Both are called on the closer's thread. `clock` outlives it.
  StreamCloser(const common::Clock& clock, Ask ask, Tell tell);
  // Tells what waits, then joins.
  ~StreamCloser();
  StreamCloser(const StreamCloser&) = delete;
  StreamCloser& operator=(const StreamCloser&) = delete;

  // Puts `ended` in line. False, and nothing happens, if kMaxWaiting wait.
  [[nodiscard]] bool Put(EndedStream&& ended);
  // That are in line.
  std::size_t waiting() const;

 private:
  void Run();
  void TellAll(std::vector<EndedStream>& batch);

  const common::Clock& clock_;
  const Ask ask_;
  const Tell tell_;
  mutable common::Mutex mu_;
  common::CondVar wake_;
  std::vector<EndedStream> waiting_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // the last: it uses all of the above
};

}  // namespace liveness::rpc
