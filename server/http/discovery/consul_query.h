// What a request to Consul's API asks for. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/http/exchange.h"

namespace liveness::http {

struct ConsulQuery {
  std::string service;            // empty: of all
  std::vector<std::string> tags;  // an instance must have each
  bool only_passing = false;
  std::uint64_t index = 0;  // of the answer that is known; 0: do not wait
  common::Duration wait{};  // without jitter
};

// `service`: what the path names. INVALID_ARGUMENT BAD_PARAMETER.
absl::StatusOr<ConsulQuery> ParseConsulQuery(const Request& request, std::string_view service);

}  // namespace liveness::http
