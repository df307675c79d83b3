// What a client and its server agree on: how often the client pings, and after how much silence
// either gives the other up.
//
// The server decides, and is capped by what the application asked for: a server may make the client
// less certain of being alive, never more, and may have the client ping more often only down to 10 ms.
//
// Pure, thread-safe.
#pragma once

#include <optional>

#include <liveness/state.h>

#include "common/clock.h"

namespace liveness::internal {

// Unset: the server's word holds, up to a day.
struct AskedTerms {
  std::optional<common::Duration> interval;
  std::optional<common::Duration> timeout;
};

struct Terms {
  // Between two pings: at most half of the timeout, but no less than 10 ms unless the application asked for
  // it.
  common::Duration period{};
  common::Duration timeout{};  // at least 1 ms
};

// Takes any spans in `welcome`, because a stranger may have written them.
Terms Agree(const AskedTerms& asked, const Welcome& welcome);

}  // namespace liveness::internal
