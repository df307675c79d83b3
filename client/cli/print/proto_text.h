// The contract's values in the words and types that people and tables take.
// Pure, thread-safe.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/map.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "client/cli/print/table.h"
#include "common/clock.h"
#include "liveness/v1/client.pb.h"

namespace liveness::cli {

// An enum's value without the enum's name, `prefix`, before it: STATE_ALIVE as ALIVE. `wire_name` is empty
// for a value of a newer server, which is shown as its `number`.
std::string EnumText(const std::string& wire_name, std::string_view prefix, int number);

// ALIVE; the number for a value of a newer server; empty for UNSPECIFIED.
std::string StateText(v1::State state);
std::string HealthText(v1::Health health);
std::string CauseText(v1::Cause cause);
Style StateStyle(v1::State state);
Style HealthStyle(v1::Health health);

// Cut to 145 years from zero, either way: a server may send any number.
common::Duration FromProto(const google::protobuf::Duration& duration);
common::WallTime FromProto(const google::protobuf::Timestamp& timestamp);

google::protobuf::Duration ToProto(common::Duration duration);
google::protobuf::Timestamp ToProto(common::WallTime time);

// k=v,k2=v2 by key.
std::string LabelsText(const google::protobuf::Map<std::string, std::string>& labels);

// clients/ID, whether the id or the whole name is given.
std::string ClientName(std::string_view id_or_name);
// The id, whether the id or the whole name is given.
std::string ClientId(std::string_view id_or_name);

// `value` as a quoted string of the filter language.
std::string FilterString(std::string_view value);

}  // namespace liveness::cli
