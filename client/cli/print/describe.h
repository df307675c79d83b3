// One client in full, for people: kubectl describe's look. Pure.
#pragma once

#include <string>

#include "common/clock.h"
#include "liveness/v1/client.pb.h"

namespace liveness::cli {

// `now` is what the spans are reckoned from.
std::string Describe(const v1::Client& client, common::WallTime now, bool color);

// The keepalive values as `Name:   value` lines, indented by two.
std::string DescribeKeepalive(const v1::Keepalive& keepalive);

// `Name:` padded to the width at which all values start, and the value.
std::string DescribeLine(const std::string& name, const std::string& value);

// The line of a client's id, shown as DistinctName() shows it.
std::string DescribeName(const std::string& id);

// As DescribeLine() if `name` is given. If it is empty: one more line of the value above.
std::string DescribeMore(const std::string& name, const std::string& value);

// The time of `timestamp`, and how far it is from `now`.
std::string MomentText(const google::protobuf::Timestamp& timestamp, common::WallTime now);

}  // namespace liveness::cli
