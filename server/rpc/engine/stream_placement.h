// Chooses the completion queue that the next stream is to live on.
//
// Debian's gRPC looks every completion up in a list of all operations that are
// outstanding on its queue, and an open stream has two of them there. With 100,000
// streams on one queue that loop is most of what the queue's thread does (docs/adr/0001-
// completion-queues.md). So a queue takes `per_queue` streams, and those that come
// later go to the next one.
//
// The first queues are used from the start, in turn; the others in their order, and
// only once there is no room on those before: each further thread that reads sockets
// costs every heartbeat a hand-over.
//
// Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <vector>

namespace liveness::rpc {

class StreamPlacement {
 public:
  // REQUIRES: 0 < first <= all, 0 < per_queue.
  StreamPlacement(std::size_t first, std::size_t all, std::size_t per_queue)
      : first_(first), per_queue_(per_queue), streams_(all) {}

  void Opened(std::size_t queue) { streams_[queue].fetch_add(1, std::memory_order_relaxed); }
  void Closed(std::size_t queue) { streams_[queue].fetch_sub(1, std::memory_order_relaxed); }

  // The queue to ask for the next stream on. If all are full, the emptiest.
  std::size_t Next() const {
    const std::size_t first = Emptiest(first_);
    if (HasRoom(first)) return first;
    for (std::size_t queue = first_; queue < streams_.size(); ++queue) {
      if (HasRoom(queue)) return queue;
    }
    return Emptiest(streams_.size());
  }

 private:
  std::size_t StreamsOn(std::size_t queue) const { return streams_[queue].load(std::memory_order_relaxed); }
  bool HasRoom(std::size_t queue) const { return StreamsOn(queue) < per_queue_; }
  std::size_t Emptiest(std::size_t count) const {
    std::size_t best = 0;
    for (std::size_t queue = 1; queue < count; ++queue) {
      if (StreamsOn(queue) < StreamsOn(best)) best = queue;
    }
    return best;
  }

  const std::size_t first_;
  const std::size_t per_queue_;
  std::vector<std::atomic<std::size_t>> streams_;
};

}  // namespace liveness::rpc
