// What operators do: `livenessctl evict`, `maintenance set|clear`, `server info|drain|undrain`.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/describe_server.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/message.h"
#include "client/cli/print/name_line.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/verbs.h"
#include "common/duration_text.h"

namespace liveness::cli {
namespace {

constexpr char kUntilIsPast[] = "--until is past, by the server's clock";

// --for and --until, of which one at most is given.
void AddEnd(CLI::App& verb, std::optional<common::Duration>& span, std::optional<common::WallTime>& until) {
  CLI::Option* const flag = AddDuration(
      verb, "--for", [&span](common::Duration d) { span = d; }, "How long from now on");
  AddTime(
      verb, "--until", [&until](common::WallTime t) { until = t; }, "Until when, as in RFC 3339")
      ->excludes(flag);
}

void AddReason(CLI::App& verb, std::string& reason) {
  verb.add_option("--reason", reason,
                  "Why, and who says so; at most 256 bytes; kept with the server's incidents");
}

Taken TakeMaintenance(MaintenanceSettings settings, bool set, const GlobalSettings& global,
                      const Words& words) {
  settings.names.insert(settings.names.end(), words.begin(), words.end());
  if (settings.names.empty() == settings.filter.empty()) {
    return settings.names.empty() ? "whose maintenance? Give NAMEs, or a --filter that is not empty"
                                  : "give NAMEs or a --filter, not both";
  }
  if (set && !settings.span && !settings.until) return "for how long? Give --for or --until";
  if (settings.span && *settings.span <= common::Duration::zero()) return "--for must be longer than zero";
  if (global.output == OutputFormat::kName) return "-o name: this verb prints a count and no names";
  return settings;
}

Taken TakeDrain(const DrainSettings& settings, const GlobalSettings& global) {
  // With several, the next one would be drained if the first did not answer.
  if (global.servers.size() > 1) return "server drain and undrain take one --server: the one that is meant";
  if (global.output == OutputFormat::kName) return "-o name: this verb prints no names";
  if (settings.span && *settings.span <= common::Duration::zero()) return "--for must be longer than zero";
  return settings;
}

// Writes `message` as a document, or else `line`.
void Print(const google::protobuf::Message& message, const std::string& line, const Context& context) {
  std::ostream& out = context.terminal.out;
  if (!PrintMessage(message, context.global.output, out)) out << line << '\n';
  out.flush();
}

void PrintMaintenance(std::int64_t changed, const std::optional<common::WallTime>& until,
                      const Context& context) {
  v1::SetMaintenanceResponse response;
  response.set_changed_count(changed);
  Print(response,
        absl::StrCat(CountText(changed, "client"), " changed: ",
                     until ? absl::StrCat("in maintenance until ", TimeText(*until))
                           : std::string("no longer in maintenance")),
        context);
}

ExitCode Undrain(const DrainSettings& settings, const Context& context) {
  v1::UndrainServerRequest request;
  request.set_reason(settings.reason);
  const auto response = context.api->UndrainServer(request);
  if (!response.ok()) return Fail(response.status(), context);
  Print(*response,
        absl::StrCat(context.api->server(),
                     response->was_draining() ? " takes clients again" : " was not drained"),
        context);
  return ExitCode::kOk;
}

}  // namespace

Verb AddEvict(CLI::App& program, GlobalSettings& global) {
  const auto settings = std::make_shared<EvictSettings>();
  CLI::App& evict = AddVerb(program, "evict", "Declare clients dead and refuse the processes behind them",
                            "  livenessctl evict web-1 --reason='host is being scrapped'\n"
                            "  livenessctl evict web-1 --forget --reason='moves to another team'\n");
  AddNames(evict, settings->names);
  evict.add_option("--reason", settings->reason, "Told to whoever asks why; at most 256 bytes");
  evict.add_flag(
      "--forget", settings->forget,
      "Drop the record too, of one that has ended already as well: its id is free for another owner");
  AddNull(evict, global);
  return {&evict, [settings](const GlobalSettings& /*global*/, const Words& words) {
            return TakeNames("evict", *settings, words);
          }};
}

Verb AddMaintenance(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<MaintenanceSettings>();
  CLI::App& maintenance =
      AddVerb(program, "maintenance", "Say that clients are expected to be away, and that this is over",
              "  livenessctl maintenance set web-1 --for=2h\n"
              "  livenessctl maintenance clear web-1\n");
  maintenance.require_subcommand(0, 1);
  CLI::App& set = AddVerb(maintenance, "set", "Their health is MAINTENANCE until then, which alerts nobody",
                          "  livenessctl maintenance set web-1 web-2 --for=2h\n"
                          "  livenessctl maintenance set --filter='labels.zone = eu-1' "
                          "--until=2026-01-31T06:00:00Z\n");
  CLI::App& clear = AddVerb(maintenance, "clear", "End it now",
                            "  livenessctl maintenance clear web-1\n"
                            "  livenessctl maintenance clear --filter='health = MAINTENANCE'\n");
  for (CLI::App* verb : {&set, &clear}) {
    AddNames(*verb, settings->names);
    AddFilter(*verb, settings->filter);
    AddReason(*verb, settings->reason);
  }
  AddEnd(set, settings->span, settings->until);
  return {&maintenance, [settings, &set, &clear](const GlobalSettings& global, const Words& words) -> Taken {
            if (!set.parsed() && !clear.parsed()) return "maintenance set, or maintenance clear?";
            return TakeMaintenance(*settings, set.parsed(), global, words);
          }};
}

Verb AddServer(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<DrainSettings>();
  CLI::App& server = AddVerb(program, "server", "Show the server itself, or move its clients away",
                             "  livenessctl server info\n"
                             "  livenessctl --server=db-1:7700 server drain --within=1m\n");
  server.require_subcommand(0, 1);
  server.add_subcommand("info", "What it is and how it was set (the default)");
  CLI::App& drain = AddVerb(server, "drain",
                            "Ask its clients to go to other servers; it takes none until the end or undrain",
                            "  livenessctl --server=db-1:7700 server drain --within=1m\n"
                            "  livenessctl --server=db-1:7700 server drain --for=30m\n");
  AddDuration(
      drain, "--within", [settings = settings.get()](common::Duration d) { settings->within = d; },
      "Over which they spread; default 10s, at most 1h");
  AddEnd(drain, settings->span, settings->until);
  CLI::App& undrain =
      AddVerb(server, "undrain", "Take clients again", "  livenessctl --server=db-1:7700 server undrain\n");
  AddReason(drain, settings->reason);
  AddReason(undrain, settings->reason);
  return {&server, [settings, &drain, &undrain](const GlobalSettings& global, const Words& words) {
            settings->undo = undrain.parsed();
            if (!words.empty() || !(drain.parsed() || undrain.parsed()))
              return TakeNoWords(ServerInfoSettings{}, words);
            return TakeDrain(*settings, global);
          }};
}

ExitCode RunVerb(const EvictSettings& settings, Context& context) {
  const GlobalSettings& global = context.global;
  Terminal& terminal = context.terminal;
  ExitCode code = ExitCode::kOk;
  for (const std::string& name : settings.names) {
    v1::EvictClientRequest request;
    request.set_name(ClientName(name));
    request.set_reason(settings.reason);
    request.set_forget(settings.forget);
    const auto client = context.api->EvictClient(request);
    if (absl::IsNotFound(client.status())) {
      code = FailNotFound(name, context);
      continue;
    }
    if (!client.ok()) return Fail(client.status(), context);
    if (global.output == OutputFormat::kName) {
      PrintName(client->name(), global, terminal);
      terminal.out.flush();
      continue;
    }
    if (global.output == OutputFormat::kYaml) terminal.out << "---\n";
    Print(*client, ListedName(client->name()) + (settings.forget ? " forgotten" : " evicted"), context);
  }
  return code;
}

ExitCode RunVerb(const MaintenanceSettings& settings, Context& context) {
  Api& api = *context.api;
  Terminal& terminal = context.terminal;
  std::optional<common::WallTime> until = settings.until;
  if (settings.span || until) {
    const common::WallTime now = api.ServerTime(terminal.clock.Wall());
    if (settings.span) until = now + std::min(*settings.span, common::WallTime::max() - now);
    // The server would take a moment that is past for the end of maintenance.
    if (*until <= now) return Fail(ExitCode::kUsage, kUntilIsPast, terminal);
  }
  v1::SetMaintenanceRequest request;
  request.set_reason(settings.reason);
  if (until) *request.mutable_until_time() = ToProto(*until);
  std::int64_t changed = 0;
  if (!settings.filter.empty()) {
    request.set_filter(settings.filter);
    const auto response = api.SetMaintenance(request);
    if (!response.ok()) return Fail(response.status(), context);
    changed = response->changed_count();
  }
  ExitCode code = ExitCode::kOk;
  bool any = !settings.filter.empty();
  for (const std::string& name : settings.names) {
    request.set_name(ClientName(name));
    const auto response = api.SetMaintenance(request);
    if (absl::IsNotFound(response.status())) {
      code = FailNotFound(name, context);
      continue;
    }
    if (!response.ok()) {
      if (any) PrintMaintenance(changed, until, context);  // the names before this one are done
      return Fail(response.status(), context);
    }
    any = true;
    changed += response->changed_count();
  }
  if (any) PrintMaintenance(changed, until, context);
  return code;
}

ExitCode RunVerb(const ServerInfoSettings& /*settings*/, Context& context) {
  Api& api = *context.api;
  const Terminal& terminal = context.terminal;
  const OutputFormat output = context.global.output;
  const auto info = api.GetServerInfo({});
  if (!info.ok()) return Fail(info.status(), context);
  if (output == OutputFormat::kName) {
    terminal.out << NameText(info->server_id()) << '\n';
  } else if (!PrintMessage(*info, output, terminal.out)) {
    terminal.out << DescribeServer(*info, api.server(), api.ServerTime(terminal.clock.Wall()),
                                   output == OutputFormat::kWide);
  }
  terminal.out.flush();
  return ExitCode::kOk;
}

ExitCode RunVerb(const DrainSettings& settings, Context& context) {
  if (settings.undo) return Undrain(settings, context);
  Api& api = *context.api;
  v1::DrainServerRequest request;
  *request.mutable_reconnect_within() = ToProto(settings.within);
  request.set_reason(settings.reason);
  std::optional<common::Duration> span = settings.span;
  if (settings.until) {
    span = *settings.until - api.ServerTime(context.terminal.clock.Wall());
    if (*span <= common::Duration::zero()) return Fail(ExitCode::kUsage, kUntilIsPast, context.terminal);
  }
  if (span) *request.mutable_duration() = ToProto(*span);
  const auto response = api.DrainServer(request);
  if (!response.ok()) return Fail(response.status(), context);
  std::string end = "takes no more";
  if (settings.until) end = absl::StrCat("takes no more until ", TimeText(*settings.until));
  if (settings.span) end = absl::StrCat("takes no more for ", common::FormatDuration(*settings.span));
  Print(*response,
        absl::StrCat(CountText(response->stream_count(), "stream"), " asked to move within ",
                     common::FormatDuration(settings.within), "; ", api.server(), " ", end),
        context);
  return ExitCode::kOk;
}

}  // namespace liveness::cli
