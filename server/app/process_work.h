// How long this process has worked: the processor's time of all its threads together, some microseconds
// behind. Any thread.
#pragma once

#include "common/clock.h"

namespace liveness::app {

common::Duration ProcessWork();

}  // namespace liveness::app
