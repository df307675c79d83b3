// Which of its clients a server asks to look for another server, while its lease on a
// shared store has run out and the other servers take it for gone.
//
// The server cannot know whether the others are better off, but its clients can find out.
// So it asks a few clients first, the scouts. A client keeps its stream until another
// server has welcomed it. So a scout that leaves was taken in elsewhere, and when kProof
// of them have left, all other clients are asked too. If every server is cut off, the
// scouts are refused everywhere, stay, and try again by and by; no other client is
// troubled, and no server is stormed.
//
//   Begin --> scouts are asked --(kProof of them left)--> all are asked --> End
//
// Pure; not thread-safe. `Stream` names a stream: copied and ordered.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/container/btree_set.h"

namespace liveness::rpc {

template <typename Stream>
class Relocation {
 public:
  // Some clients know no other server, or reach none: so many are asked that not all scouts are of these.
  static constexpr std::size_t kScouts = 64;
  // More than one, because a single scout may have died just then.
  static constexpr std::size_t kProof = 2;

  // Whom to ask: scouts from all over the open streams, because neighbours may share a connection, a host, a
  // configuration. Nobody if the relocation has begun already.
  std::vector<Stream> Begin(const absl::btree_set<Stream>& open) {
    if (begun_) return {};
    begun_ = true;
    const std::size_t step = std::max<std::size_t>(open.size() / kScouts, 1);
    std::size_t place = 0;
    for (const Stream& stream : open) {
      if (place++ % step == 0 && scouts_.size() < kScouts) scouts_.insert(stream);
    }
    needed_ = std::min(kProof, scouts_.size());
    return {scouts_.begin(), scouts_.end()};
  }
  // The client of `stream` has ended it. True, once: all others are to be asked now.
  bool Left(const Stream& stream) {
    if (needed_ == 0 || scouts_.erase(stream) == 0) return false;
    if (--needed_ != 0) return false;
    scouts_.clear();
    return true;
  }
  // The others see this server again. The next Begin() counts.
  void End() {
    begun_ = false;
    needed_ = 0;
    scouts_.clear();
  }

 private:
  bool begun_ = false;
  std::size_t needed_ = 0;  // so many more scouts must leave
  absl::btree_set<Stream> scouts_;
};

}  // namespace liveness::rpc
