#include "server/http/discovery/consul_query.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "common/duration_text.h"
#include "common/status.h"

namespace liveness::http {
namespace {

constexpr common::Duration kDefaultWait = std::chrono::minutes(5);
constexpr common::Duration kMostWait = std::chrono::minutes(10);

absl::Status BadParameter(std::string_view name, std::string_view why) {
  return common::BadFields("BAD_PARAMETER", {{std::string(name), std::string(why)}});
}

absl::Status ParseIndex(const std::string& text, std::uint64_t& index) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, index);
  if (error == std::errc() && stopped == end) return absl::OkStatus();
  return BadParameter("index", "is no number that X-Consul-Index could have been");
}

// As a switch of Consul's: there, and not said to be off.
bool IsOn(const std::string& value) { return value != "0" && value != "false"; }

}  // namespace

absl::StatusOr<ConsulQuery> ParseConsulQuery(const Request& request, std::string_view service) {
  ConsulQuery query{.service = std::string(service), .wait = kDefaultWait};
  for (const auto& [name, value] : request.query) {
    if (name == "tag") {
      query.tags.push_back(value);
    } else if (name == "passing") {
      query.only_passing = IsOn(value);
    } else if (name == "index") {
      if (const absl::Status parsed = ParseIndex(value, query.index); !parsed.ok()) return parsed;
    } else if (name == "wait") {
      const absl::StatusOr<common::Duration> wait = common::ParseDuration(value);
      if (!wait.ok()) {
        return BadParameter(name,
                            std::string_view(wait.status().message().data(), wait.status().message().size()));
      }
      if (*wait > common::Duration::zero()) query.wait = std::min(*wait, kMostWait);
    } else if ((name == "filter" || name == "node-meta") && !value.empty()) {
      return BadParameter(name, "is not understood here; choose by tag");
    }
  }
  return query;
}

}  // namespace liveness::http
