// How clients and their transitions look on the wire; spans and moments are in
// convert.h. Pure functions, thread-safe.
//
// The messages are filled in place, so that a page of a thousand clients can be
// built in one arena or in one reused message.
#pragma once

#include <cstdint>

#include "liveness/v1/client.pb.h"
#include "server/core/record/client_fields.h"
#include "server/core/record/record.h"

namespace liveness::rpc {

using core::Moment;

// BASIC leaves out evidence, keepalive and progress.
enum class Detail : std::uint8_t { kBasic, kFull };

v1::State ToProto(core::State state);
v1::Health ToProto(core::Health health);
v1::Cause ToProto(core::Cause cause);

// REQUIRES: `proto` is empty.
void ToProto(const core::ClientView& client, Detail detail, Moment now, v1::Client& proto);

// The client of a transition is whole, but without what moves with every
// heartbeat: last_heartbeat_time, deadline_time, rtt, keepalive, progress.
// REQUIRES: `proto` is empty.
void ToProto(const core::Transition& transition, v1::Transition& proto);

// REQUIRES: `proto` is empty.
void ToProto(const core::GroupEvent& event, v1::GroupEvent& proto);

}  // namespace liveness::rpc
