// Between the public types and the messages on the wire. Pure, thread-safe.
#pragma once

#include <string>

#include <liveness/options.h>
#include <liveness/state.h>

#include "common/clock.h"
#include "liveness/v1/heartbeat_service.pb.h"

namespace liveness::internal {

google::protobuf::Timestamp ToProto(common::WallTime time);
google::protobuf::Duration ToProto(common::Duration span);
common::Duration FromProto(const google::protobuf::Duration& span);  // saturates

v1::HeartbeatRequest MakeHello(const ClientOptions& options, const Labels& labels,
                               const std::string& resume_token, const std::string& local_address);
v1::HeartbeatRequest MakeUpdate(const Labels& labels);

Welcome FromProto(const v1::Welcome& welcome);

}  // namespace liveness::internal
