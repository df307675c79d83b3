// Whom a server asks to look for another one, while its lease on a shared store has
// run out and the other servers take it for gone.
//
// It cannot know whether they are better off; its clients can find out. So it asks a
// few first, the scouts. A client keeps its stream until another server has welcomed
// it: scouts that leave have been taken in, and when kProof of them have, all others
// are asked too. If every server is cut off, the scouts are refused everywhere, stay,
// and try again by and by; nobody else is troubled, and no server is stormed.
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
  // Some know no other server, or none that they reach: enough that it is not all of them.
  static constexpr std::size_t kScouts = 64;
  // One may have died just then.
  static constexpr std::size_t kProof = 2;

  // Whom to ask: of the streams that are open some from everywhere, for neighbours may share a connection, a
  // host, a configuration. Nobody if it has begun already.
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
  // The server is seen again. The next Begin() counts.
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
