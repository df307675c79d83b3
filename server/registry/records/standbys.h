// Streams that a client opened beside the one that its session is bound to, because an
// answer was overdue there. Which of them carries on is the client's to say: the one on
// which it speaks after its welcome. Until then they are a sign of life and nothing more.
//
//   bound: 4      hello beside -> 5      hello beside -> 6      hello beside -> 7
//   a ping on 6: bound to 6; 4 and 5 end with STREAM_REPLACED, 7 waits on
//   6 closes while 7 waits: the session has no stream and is not suspected
//   7 closes, the last: the session is suspected, as whenever its stream closes
//
// On a path that loses packets what a client said on a stream may come long after it has
// left that for another. A client goes from each stream to one whose hello it sent later,
// and was welcomed there before it opens the next, so the streams on which it speaks have
// growing attachments: a late word ends none that is above its own.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "server/registry/records/types.h"

namespace liveness::registry {

// The hello whose stream waits, under the attachment that it was welcomed with.
struct Standby {
  std::uint64_t attachment = 0;
  HelloRequest hello;
};

class Standbys {
 public:
  // A client keeps no more open at once.
  static constexpr std::size_t kMost = 3;

  bool empty() const { return all_.empty(); }
  // REQUIRES: the attachment is above those of all others. Returns the oldest standby if there are too many
  // now: its stream must end.
  std::optional<Standby> Add(Standby standby);
  // Takes out the standby of that attachment; nothing if there is none.
  std::optional<Standby> Take(std::uint64_t attachment);
  // Takes out those below that attachment, because the client has left them.
  std::vector<Standby> TakeBelow(std::uint64_t attachment);
  std::vector<Standby> TakeAll() { return std::exchange(all_, {}); }

 private:
  std::vector<Standby> all_;  // by attachment
};

}  // namespace liveness::registry
