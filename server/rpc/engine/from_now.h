// A span as gRPC takes it where it wants a moment.
#pragma once

#include <grpc/support/time.h>

#include "common/clock.h"

namespace liveness::rpc {

// Counted from the call on gRPC's own monotonic clock, so that a stepped wall clock
// moves nothing. For grpc::Alarm::Set(&cq, FromNow(span), tag.Arm()).
inline gpr_timespec FromNow(common::Duration span) { return gpr_time_from_nanos(span.count(), GPR_TIMESPAN); }

}  // namespace liveness::rpc
