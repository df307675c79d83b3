// How long a call waits: for its peer, or for what others do for it.
#pragma once

#include "common/clock.h"

namespace liveness::rpc {

struct CallPatience {
  common::Duration request = std::chrono::seconds(5);       // the first, as for a hello
  common::Duration next_request = std::chrono::minutes(1);  // of a stream of them
  common::Duration outcome = std::chrono::seconds(5);       // of work that others do, from its last progress
  common::Duration answer = std::chrono::seconds(30);       // from its writing until it has left
};

}  // namespace liveness::rpc
