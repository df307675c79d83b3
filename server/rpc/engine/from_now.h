// Spans as gRPC takes them.
#pragma once

#include <chrono>

#include <grpc/support/time.h>

#include "common/clock.h"

namespace liveness::rpc {

// Where it wants a moment. Counted from the call on gRPC's own monotonic clock, so that a stepped wall clock
// moves nothing. For grpc::Alarm::Set(&cq, FromNow(span), tag.Arm()).
inline gpr_timespec FromNow(common::Duration span) { return gpr_time_from_nanos(span.count(), GPR_TIMESPAN); }

// Where it wants an argument of a channel: in milliseconds, rounded up.
inline int MillisArgument(common::Duration span) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(span).count());
}

}  // namespace liveness::rpc
