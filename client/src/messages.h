// Between the public types and the messages on the wire. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <liveness/options.h>
#include <liveness/state.h>

#include "client/src/load.h"
#include "client/src/progress.h"
#include "common/clock.h"
#include "liveness/v1/heartbeat_service.pb.h"

namespace liveness::internal {

google::protobuf::Timestamp ToProto(common::WallTime time);
google::protobuf::Duration ToProto(common::Duration span);
common::Duration FromProto(const google::protobuf::Duration& span);  // saturates

// `attempt`: see Session::OnHelloSent().
v1::HeartbeatRequest MakeHello(const ClientOptions& options, const Labels& labels,
                               const std::string& resume_token, const std::string& local_address,
                               std::uint32_t attempt);
// All tokens go with every ping: a server takes a token that is missing for ended.
v1::HeartbeatRequest MakePing(std::uint64_t sequence, common::WallTime send_time,
                              const std::vector<ProgressReading>& progress,
                              const std::optional<LoadReading>& load);
v1::HeartbeatRequest MakeUpdate(const Labels& labels);

Welcome FromProto(const v1::Welcome& welcome);
// What a server says of vouching; an older server says nothing.
std::optional<common::Duration> VouchedFor(const v1::Welcome& welcome);
std::optional<common::Duration> VouchedFor(const v1::Pong& pong);

}  // namespace liveness::internal
