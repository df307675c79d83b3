#include "client/cli/verbs/exec_sink.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "client/cli/print/document/json_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/watch_printer.h"

namespace liveness::cli {
namespace {

constexpr std::string_view kPrefix = "LIVENESS_";
constexpr std::string_view kLabelPrefix = "LABEL_";

// Without the prefix. Whatever of these the parent has set is not passed on: it would be told of each change.
constexpr const char* kNames[] = {
    "EVENT",   "CLIENT_ID", "STATE",       "FROM_STATE", "HEALTH",         "FROM_HEALTH",  "CAUSE",
    "SUMMARY", "REVISION",  "INCARNATION", "TIME",       "INSTANCE_ID",    "HOST",         "PID",
    "VERSION", "SERVER_ID", "FLAPPING",    "SCOPE",      "AFFECTED_COUNT", "MEMBER_COUNT", "AFTER_REVISION"};

std::string NameOfLabel(std::string_view key) {
  std::string name(kLabelPrefix);
  for (const char c : key) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name.push_back(fits ? c : '_');
  }
  return name;
}

bool IsOurs(std::string_view variable) {
  if (!variable.starts_with(kPrefix)) return false;
  const std::string_view name = variable.substr(kPrefix.size(), variable.find('=') - kPrefix.size());
  return name.starts_with(kLabelPrefix) ||
         std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

Variables VariablesOf(const v1::Transition& transition) {
  const v1::Client& client = transition.client();
  Variables variables = {
      {"EVENT", "transition"},
      {"CLIENT_ID", transition.client_id()},
      {"STATE", StateText(transition.to_state())},
      {"FROM_STATE", StateText(transition.from_state())},
      {"HEALTH", HealthText(transition.to_health())},
      {"FROM_HEALTH", HealthText(transition.from_health())},
      {"CAUSE", CauseText(transition.cause())},
      {"SUMMARY", transition.evidence().summary()},
      {"REVISION", absl::StrCat(transition.revision())},
      {"INCARNATION", absl::StrCat(transition.incarnation())},
      {"TIME", TimeText(FromProto(transition.time()))},
      {"INSTANCE_ID", client.instance_id()},
      {"HOST", client.host()},
      {"PID", client.pid() != 0 ? absl::StrCat(client.pid()) : std::string()},
      {"VERSION", client.version()},
      {"SERVER_ID", client.server_id()},
      {"FLAPPING", client.flapping() ? "true" : "false"},
  };
  const std::map<std::string, std::string> labels(client.labels().begin(), client.labels().end());
  std::set<std::string> names;
  for (const auto& [key, value] : labels) {
    const std::string name = NameOfLabel(key);
    if (names.insert(name).second) variables.emplace_back(name, value);
  }
  return variables;
}

Variables VariablesOf(const v1::GroupEvent& group) {
  return {{"EVENT", "group"},
          {"SCOPE", group.scope()},
          {"AFFECTED_COUNT", absl::StrCat(group.affected_count())},
          {"MEMBER_COUNT", absl::StrCat(group.member_count())},
          {"REVISION", absl::StrCat(group.revision())},
          {"TIME", TimeText(FromProto(group.time()))}};
}

std::vector<std::string> EnvironmentOf(const std::vector<std::string>& inherited,
                                       const Variables& variables) {
  std::vector<std::string> environment;
  for (const std::string& each : inherited) {
    if (!IsOurs(each)) environment.push_back(each);
  }
  for (const auto& [name, value] : variables) {
    std::string variable = absl::StrCat(std::string(kPrefix), name, "=");
    for (const char c : value) variable += c == '\0' ? std::string("\uFFFD") : std::string(1, c);
    environment.push_back(std::move(variable));
  }
  return environment;
}

void ExecSink::Put(const std::string& key, const std::string& what, const Variables& variables,
                   std::string input) {
  queue_.Put({key, what, {command_, EnvironmentOf(environment_, variables), std::move(input)}});
}

void ExecSink::Transition(const v1::Transition& transition) {
  Put(transition.client_id(),
      absl::StrCat(NameCell(transition.client_id()).text, " ", ChangeText(transition, false)),
      VariablesOf(transition), absl::StrCat("{\"transition\": ", ToJsonLine(transition), "}\n"));
}

void ExecSink::Group(const v1::GroupEvent& group) {
  Put("", absl::StrCat("the mass failure of ", group.scope()), VariablesOf(group),
      absl::StrCat("{\"group\": ", ToJsonLine(group), "}\n"));
}

void ExecSink::Gap(std::uint64_t after_revision, std::uint64_t resumes_at_revision,
                   std::string_view /*why*/) {
  Put("", "the gap",
      {{"EVENT", "gap"},
       {"AFTER_REVISION", absl::StrCat(after_revision)},
       {"REVISION", absl::StrCat(resumes_at_revision)}},
      GapJson(after_revision, resumes_at_revision) + "\n");
}

}  // namespace liveness::cli
