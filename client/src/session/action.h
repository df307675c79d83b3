// What a session asks of the worker: to open a stream, to write on one, to drop one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "client/src/session/race.h"

namespace liveness::internal {

struct Action {
  enum class Kind {
    kDial,     // open stream `stream` to target number `target`
    kPing,     // send ping `sequence` on `stream`
    kGoodbye,  // send the goodbye on `stream`
    kCancel,   // drop `stream`; no event of this stream matters any more
  };
  Kind kind;
  StreamId stream = 0;
  std::size_t target = 0;
  std::uint64_t sequence = 0;
  // kDial: halve, so many times, what one of the target's addresses may take.
  int haste = 0;
};

}  // namespace liveness::internal
