#include "server/http/discovery/consul_catalog.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "common/random.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/http/discovery/consul_query.h"
#include "server/http/discovery/service_address.h"
#include "server/http/discovery/service_changes.h"
#include "server/http/error_response.h"
#include "server/http/json.h"

namespace liveness::http {
namespace {

constexpr std::string_view kDatacenter = "liveness";
constexpr std::size_t kMaxBytes = 64 << 20;
// Of all clients of one service, in /v1/catalog/services.
constexpr std::size_t kMaxTags = 256;
constexpr auto kPollPeriod = std::chrono::seconds(5);

enum class Form { kServices, kCatalog, kHealth };

std::string_view CheckStatus(const core::ClientRecord& record) {
  if (record.state == core::State::kSuspect) return "warning";
  const bool passes = record.state == core::State::kAlive && record.health != core::Health::kStalled;
  return passes ? "passing" : "critical";
}

std::string CheckOutput(const core::ClientRecord& record) {
  std::string text(core::Name(record.state));
  if (record.health != core::Health::kOk) text = common::StrCat(text, ", ", core::Name(record.health));
  if (record.cause != core::Cause::kUnspecified) text = common::StrCat(text, ": ", core::Name(record.cause));
  return text;
}

std::string Tag(const std::pair<std::string_view, std::string_view>& label) {
  return common::StrCat(label.first, "=", label.second);
}

bool HasTags(const core::ClientRecord& record, const std::vector<std::string>& tags) {
  return std::all_of(tags.begin(), tags.end(), [&](const std::string& tag) {
    for (std::size_t i = 0; i < record.info.label_count(); ++i) {
      if (Tag(record.info.label(i)) == tag) return true;
    }
    return false;
  });
}

template <typename Texts>
std::string JsonArray(const Texts& texts) {
  std::string array;
  for (const std::string& text : texts) array += (array.empty() ? "" : ",") + JsonString(text);
  return "[" + array + "]";
}

// One client as an instance of its service, in parts that both forms are made of.
struct Instance {
  explicit Instance(const core::ClientRecord& the_record)
      : record(the_record), address(*ServingAddress(the_record)) {
    JsonObject all;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < record.info.label_count(); ++i) {
      const auto label = record.info.label(i);
      texts.push_back(Tag(label));
      all.Add(label.first, label.second);
    }
    tags = JsonArray(texts);
    meta = all.Text();
    node = record.info.host().empty() ? address.host : std::string(record.info.host());
  }

  const core::ClientRecord& record;
  const ServiceAddress address;
  std::string tags, meta, node;
};

void AddIndexes(const core::ClientRecord& record, JsonObject& object) {
  object.AddRaw("CreateIndex", std::to_string(record.incarnation));
  object.AddRaw("ModifyIndex", std::to_string(record.revision));
}

void AddNode(const Instance& instance, JsonObject& object) {
  object.Add("ID", "");
  object.Add("Node", instance.node);
  object.Add("Address", instance.address.host);
  object.Add("Datacenter", kDatacenter);
  object.AddRaw("TaggedAddresses", "{}");
}

std::string InCatalog(const Instance& instance) {
  const core::ClientRecord& record = instance.record;
  JsonObject entry;
  AddNode(instance, entry);
  entry.AddRaw("NodeMeta", "{}");
  entry.Add("ServiceID", record.client_id());
  entry.Add("ServiceName", ServiceOf(record));
  entry.AddRaw("ServiceTags", instance.tags);
  entry.Add("ServiceAddress", instance.address.host);
  entry.AddRaw("ServiceMeta", instance.meta);
  entry.AddRaw("ServicePort", std::to_string(instance.address.port));
  AddIndexes(record, entry);
  return entry.Text();
}

std::string InHealth(const Instance& instance) {
  const core::ClientRecord& record = instance.record;
  JsonObject node;
  AddNode(instance, node);
  node.AddRaw("Meta", "{}");
  JsonObject service;
  service.Add("ID", record.client_id());
  service.Add("Service", ServiceOf(record));
  service.AddRaw("Tags", instance.tags);
  service.Add("Address", instance.address.host);
  service.AddRaw("Meta", instance.meta);
  service.AddRaw("Port", std::to_string(instance.address.port));
  service.AddRaw("Weights", R"({"Passing":1,"Warning":1})");
  AddIndexes(record, service);
  JsonObject check;
  check.Add("Node", instance.node);
  check.Add("CheckID", common::StrCat("liveness:", record.client_id()));
  check.Add("Name", "liveness");
  check.Add("Status", CheckStatus(record));
  check.Add("Output", CheckOutput(record));
  check.Add("ServiceID", record.client_id());
  check.Add("ServiceName", ServiceOf(record));
  check.AddRaw("ServiceTags", instance.tags);
  AddIndexes(record, check);
  JsonObject entry;
  entry.AddRaw("Node", node.Text());
  entry.AddRaw("Service", service.Text());
  entry.AddRaw("Checks", "[" + check.Text() + "]");
  return entry.Text();
}

Response WithIndex(std::uint64_t revision, std::string body) {
  Response response = TextResponse(200, "application/json", std::move(body) + "\n");
  response.headers = {{"X-Consul-Index", std::to_string(revision + 1)},
                      {"X-Consul-KnownLeader", "true"},
                      {"X-Consul-LastContact", "0"}};
  return response;
}

absl::Status TooMany() {
  return common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_TARGETS",
                       "the answer is more than 64 MiB; ask for one service, or by tag");
}

class ServicesSweep final : public Sweep {
 public:
  ServicesSweep(std::shared_ptr<SweepSource> source, std::shared_ptr<Exchange> exchange)
      : Sweep(std::move(source), std::move(exchange)) {}

 private:
  bool Wants(const core::ClientRecord& record) const override { return !ServiceOf(record).empty(); }

  absl::Status Take(const core::ClientView& client) override {
    const core::ClientRecord& record = *client.record;
    auto [service, is_new] = services_.try_emplace(std::string(ServiceOf(record)));
    if (is_new) bytes_ += service->first.size();
    for (std::size_t i = 0; i < record.info.label_count() && service->second.size() < kMaxTags; ++i) {
      const auto [tag, added] = service->second.insert(Tag(record.info.label(i)));
      if (added) bytes_ += tag->size();
    }
    return bytes_ <= kMaxBytes ? absl::OkStatus() : TooMany();
  }

  Response Finish(std::uint64_t revision) override {
    JsonObject services;
    for (const auto& [name, tags] : services_) services.AddRaw(name, JsonArray(tags));
    return WithIndex(revision, services.Text());
  }

  std::map<std::string, std::set<std::string>> services_;
  std::size_t bytes_ = 0;
};

class InstancesSweep final : public Sweep {
 public:
  InstancesSweep(std::shared_ptr<SweepSource> source, std::shared_ptr<Exchange> exchange, ConsulQuery query,
                 Form form)
      : Sweep(std::move(source), std::move(exchange)), query_(std::move(query)), form_(form) {}

 private:
  bool Wants(const core::ClientRecord& record) const override {
    return ServiceOf(record) == query_.service && HasTags(record, query_.tags) &&
           (!query_.only_passing || CheckStatus(record) == "passing");
  }

  absl::Status Take(const core::ClientView& client) override {
    const Instance instance(*client.record);
    if (!entries_.empty()) entries_ += ",\n";
    entries_ += form_ == Form::kHealth ? InHealth(instance) : InCatalog(instance);
    return entries_.size() <= kMaxBytes ? absl::OkStatus() : TooMany();
  }

  Response Finish(std::uint64_t revision) override { return WithIndex(revision, "[" + entries_ + "]"); }

  const ConsulQuery query_;
  const Form form_;
  std::string entries_;
};

class ConsulCatalog : public std::enable_shared_from_this<ConsulCatalog> {
 public:
  ConsulCatalog(registry::Registry& registry, std::shared_ptr<SweepSource> source)
      : source_(std::move(source)), changes_(std::make_shared<ServiceChanges>(registry)) {}

  void Serve(Form form, std::string_view service, const std::shared_ptr<Exchange>& exchange) const {
    absl::StatusOr<ConsulQuery> query = ParseConsulQuery(exchange->request(), service);
    if (!query.ok()) return exchange->Respond(ErrorResponse(query.status()));
    if (query->index == 0) return Answer(form, *std::move(query), exchange);
    if (!exchange->caller()->sees_all()) return AnswerLater(form, *std::move(query), exchange);
    // So that those who were answered together do not come back together.
    const common::Duration jitter(
        static_cast<std::int64_t>(common::RandomUniform() * static_cast<double>(query->wait.count() / 16)));
    ServiceChanges::Question question{query->service, query->index - 1, query->wait + jitter};
    changes_->Wait(
        exchange, std::move(question),
        [self = shared_from_this(), form, query = *std::move(query), exchange](const absl::Status& waited) {
          if (!waited.ok()) return exchange->Respond(ErrorResponse(waited));
          self->Answer(form, query, exchange);
        });
  }

 private:
  // Whoever does not see all clients is not woken by any: which service changes, and when, tells of others.
  void AnswerLater(Form form, ConsulQuery query, const std::shared_ptr<Exchange>& exchange) const {
    const common::Duration wait = std::min<common::Duration>(query.wait, kPollPeriod);
    exchange->After(wait, [self = shared_from_this(), form, query = std::move(query), exchange] {
      self->Answer(form, query, exchange);
    });
  }
  void Answer(Form form, ConsulQuery query, const std::shared_ptr<Exchange>& exchange) const {
    if (form == Form::kServices) return std::make_shared<ServicesSweep>(source_, exchange)->Start();
    std::make_shared<InstancesSweep>(source_, exchange, std::move(query), form)->Start();
  }

  const std::shared_ptr<SweepSource> source_;
  const std::shared_ptr<ServiceChanges> changes_;
};

std::string Self(const std::string& server_id, const std::string& version) {
  JsonObject config;
  config.Add("Datacenter", kDatacenter);
  config.Add("NodeName", server_id);
  config.Add("Server", true);
  config.Add("Version", version);
  JsonObject member;
  member.Add("Name", server_id);
  JsonObject self;
  self.AddRaw("Config", config.Text());
  self.AddRaw("Member", member.Text());
  return self.Text() + "\n";
}

}  // namespace

void AddConsulCatalog(Router& router, registry::Registry& registry, std::shared_ptr<SweepSource> source,
                      std::string version) {
  using auth::Action;
  const auto catalog = std::make_shared<const ConsulCatalog>(registry, std::move(source));
  router.Add("GET", "/v1/catalog/services", Action::kView,
             [catalog](const auto& exchange) { catalog->Serve(Form::kServices, "", exchange); });
  const auto add_service = [&](const std::string& prefix, Form form) {
    router.Add("GET", prefix + "*", Action::kView, [catalog, prefix, form](const auto& exchange) {
      const std::string& path = exchange->request().path;
      if (path.size() > prefix.size()) {
        return catalog->Serve(form, std::string_view(path).substr(prefix.size()), exchange);
      }
      exchange->Respond(ErrorResponse(
          common::Error(absl::StatusCode::kInvalidArgument, "BAD_PARAMETER", "the path names no service")));
    });
  };
  add_service("/v1/catalog/service/", Form::kCatalog);
  add_service("/v1/health/service/", Form::kHealth);
  router.Add("GET", "/v1/catalog/datacenters", Action::kView, [](const auto& exchange) {
    exchange->Respond(
        TextResponse(200, "application/json", JsonArray(std::vector{std::string(kDatacenter)}) + "\n"));
  });
  router.Add("GET", "/v1/agent/self", Action::kView,
             [self = Self(registry.options().server_id, version)](const auto& exchange) {
               exchange->Respond(TextResponse(200, "application/json", self));
             });
}

}  // namespace liveness::http
