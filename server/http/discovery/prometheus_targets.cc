#include "server/http/discovery/prometheus_targets.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/duration_text.h"
#include "common/saturating.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/core/filter/filter.h"
#include "server/http/discovery/service_address.h"
#include "server/http/error_response.h"
#include "server/http/json.h"

namespace liveness::http {
namespace {

constexpr common::Duration kDeadGrace = std::chrono::minutes(10);
constexpr std::size_t kMaxBytes = 64 << 20;
constexpr std::string_view kMeta = "__meta_liveness_";

std::string Group(const core::ClientRecord& record, const ServiceAddress& address) {
  JsonObject labels;
  const core::PackedInfo& info = record.info;
  const auto add = [&labels](std::string_view name, std::string_view value) {
    labels.Add(common::StrCat(kMeta, name), value);
  };
  add("client_id", info.client_id());
  add("instance_id", info.instance_id());
  add("state", core::Name(record.state));
  add("health", core::Name(record.health));
  add("version", info.version());
  add("server_id", record.server_id ? std::string_view(*record.server_id) : std::string_view());
  std::vector<std::string> names;  // of different keys one name may be made: the first in order has it
  for (std::size_t i = 0; i < info.label_count(); ++i) {
    const auto& [key, value] = info.label(i);
    std::string name = LabelName(key);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    add(common::StrCat("label_", name), value);
    names.push_back(std::move(name));
  }
  JsonObject group;
  group.AddRaw("targets", "[" + JsonString(address.HostPort()) + "]");
  group.AddRaw("labels", labels.Text());
  return group.Text();
}

class TargetSweep final : public Sweep {
 public:
  TargetSweep(std::shared_ptr<SweepSource> source, std::shared_ptr<Exchange> exchange, core::Filter filter,
              common::Duration dead_grace)
      : Sweep(std::move(source), std::move(exchange), std::move(filter)), dead_grace_(dead_grace) {}

 private:
  bool Wants(const core::ClientRecord& record) const override {
    if (record.state == core::State::kDead)
      return common::SaturatingSub(now().wall, record.state_time) < dead_grace_;
    return core::IsLive(record.state);
  }

  absl::Status Take(const core::ClientView& client) override {
    const auto address = MetricsAddress(*client.record);
    if (!address) return absl::OkStatus();
    if (!groups_.empty()) groups_ += ",\n";
    groups_ += Group(*client.record, *address);
    if (groups_.size() <= kMaxBytes) return absl::OkStatus();
    return common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_TARGETS",
                         "the targets are more than 64 MiB; divide them with ?filter=");
  }

  Response Finish(std::uint64_t) override {
    return TextResponse(200, "application/json", "[" + std::move(groups_) + "]\n");
  }

  const common::Duration dead_grace_;
  std::string groups_;
};

void Serve(const std::shared_ptr<SweepSource>& source, const std::shared_ptr<Exchange>& exchange) {
  const Request& request = exchange->request();
  const std::string* const text = request.Find("filter");
  absl::StatusOr<core::Filter> filter =
      core::Filter::Parse(text == nullptr ? std::string() : *text, core::ClientSchema());
  if (!filter.ok()) return exchange->Respond(ErrorResponse(filter.status()));
  common::Duration dead_grace = kDeadGrace;
  if (const std::string* const given = request.Find("dead_grace")) {
    const absl::StatusOr<common::Duration> parsed = common::ParseDuration(*given);
    if (!parsed.ok()) {
      const absl::string_view why = parsed.status().message();
      return exchange->Respond(ErrorResponse(
          common::BadFields("BAD_PARAMETER", {{"dead_grace", std::string(why.data(), why.size())}})));
    }
    dead_grace = *parsed;
  }
  std::make_shared<TargetSweep>(source, exchange, *std::move(filter), dead_grace)->Start();
}

}  // namespace

void AddPrometheusTargets(Router& router, std::shared_ptr<SweepSource> source) {
  router.Add("GET", "/sd", auth::Action::kView,
             [source = std::move(source)](const auto& exchange) { Serve(source, exchange); });
}

}  // namespace liveness::http
