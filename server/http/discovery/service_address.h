// Where a client says that it can be reached: a convention of labels, of which the heartbeat itself knows
// nothing. docs/discovery.md tells it to people. Pure, thread-safe.
//
//   host   label `addr`, else label `host`, else the host that the client named in its hello
//   port   label `metrics_port` for metrics; label `port`, else `metrics_port`, for what it serves
//
// A host is an IP address (IPv6 with or without its brackets) or a name, a port a number from 1 to 65535. A
// client for which one of them is missing or is no such thing has no address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/core/record/record.h"

namespace liveness::http {

struct ServiceAddress {
  std::string host;  // IPv6 without brackets
  std::uint16_t port = 0;
  // As in a URL.
  std::string HostPort() const;
};

std::optional<ServiceAddress> MetricsAddress(const core::ClientRecord& record);
std::optional<ServiceAddress> ServingAddress(const core::ClientRecord& record);

// `text` with every character that a Prometheus label's name may not have as `_`.
std::string LabelName(std::string_view text);

}  // namespace liveness::http
