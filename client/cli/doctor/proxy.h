// The HTTP proxy that stands, or would stand, before a server. Not thread-safe.
#pragma once

#include <functional>
#include <string>

#include "client/cli/doctor/connection.h"
#include "client/cli/doctor/facts.h"
#include "common/clock.h"

namespace liveness::cli::doctor {

struct Proxy {
  ProxyFacts facts;
  std::string credentials;  // USER:PASSWORD; empty: none. A secret
};

// The value of an environment variable; null if it is not set.
using Environment = std::function<const char*(const char* name)>;

// The proxy that the environment names for `host`, chosen as gRPC does: $grpc_proxy, $https_proxy,
// $http_proxy, but for the hosts of $no_grpc_proxy or $no_proxy. Pure but for `environment`.
Proxy ProxyFor(const std::string& host, const Environment& environment);

// Has the proxy at the other end of `connection` open a way to `target`. What it says is noted in
// `proxy.facts`. False if it refuses.
bool OpenTunnel(Connection& connection, Proxy& proxy, const std::string& target, common::Duration limit);

}  // namespace liveness::cli::doctor
