// Core values as the wire writes them, and back. Pure, thread-safe.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "common/clock.h"
#include "liveness/v1/client.pb.h"
#include "server/core/record/record.h"

namespace liveness::rpc {

void ToProto(common::Duration span, google::protobuf::Duration& proto);
void ToProto(common::WallTime time, google::protobuf::Timestamp& proto);
void ToProto(const core::Keepalive& keepalive, v1::Keepalive& proto);

// What a Duration cannot hold becomes its nearest: Duration::max() or min().
// Nanoseconds of another sign or beyond a second are added as they are.
common::Duration FromProto(const google::protobuf::Duration& proto);
// Likewise: about 292 years around 1970.
common::WallTime FromProto(const google::protobuf::Timestamp& proto);

}  // namespace liveness::rpc
