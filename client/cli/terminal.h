// Where a verb writes, and what time it is there. Not thread-safe.
#pragma once

#include <ostream>

#include "common/clock.h"

namespace liveness::cli {

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool color = false;  // `out` is a terminal and nobody asked for no color
  const common::Clock& clock;
};

// True if stdout is a terminal that shows colors and NO_COLOR is unset or empty.
bool StdoutTakesColor();

}  // namespace liveness::cli
