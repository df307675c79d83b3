#include "client/cli/flags/admin_flags.h"

#include <CLI/CLI.hpp>

#include "client/cli/flags/add_verb.h"
#include "client/cli/flags/duration_flag.h"
#include "client/cli/flags/flag_values.h"

namespace liveness::cli {
namespace {

using Taken = std::variant<VerbSettings, std::string>;

// Whose absence is expected.
void AddTarget(CLI::App& verb, MaintenanceSettings& settings) {
  verb.add_option("NAME", settings.names, "Client ids, or clients/ID");
  AddFilter(verb, settings.filter);
}

// One of the two.
void AddEnd(CLI::App& verb, std::optional<common::Duration>& span, std::optional<common::WallTime>& until) {
  CLI::Option* const flag = AddDuration(
      verb, "--for", [&span](common::Duration d) { span = d; }, "How long from now on");
  verb.add_option(
          "--until",
          [&until](const CLI::results_t& texts) {
            until = ParseTime(texts.back());
            return until.has_value();
          },
          "Until when, as in RFC 3339")
      ->type_name("TIME")
      ->check(CLI::Validator(CheckTime, "", "time"))
      ->excludes(flag);
}

void AddMaintenance(CLI::App& app, AdminVerbs& verbs) {
  CLI::App& maintenance =
      AddVerb(app, "maintenance", "Say that clients are expected to be away, and that this is over",
              "  livenessctl maintenance set web-1 --for=2h\n"
              "  livenessctl maintenance clear web-1\n");
  maintenance.require_subcommand(0, 1);
  MaintenanceSettings& settings = verbs.maintenance;
  CLI::App& set = AddVerb(maintenance, "set", "Their health is MAINTENANCE until then, which alerts nobody",
                          "  livenessctl maintenance set web-1 web-2 --for=2h\n"
                          "  livenessctl maintenance set --filter='labels.zone = eu-1' "
                          "--until=2026-01-31T06:00:00Z\n");
  AddTarget(set, settings);
  AddEnd(set, settings.span, settings.until);
  CLI::App& clear = AddVerb(maintenance, "clear", "End it now",
                            "  livenessctl maintenance clear web-1\n"
                            "  livenessctl maintenance clear --filter='health = MAINTENANCE'\n");
  AddTarget(clear, settings);
  verbs.set = &set;
  verbs.clear = &clear;
}

void AddServer(CLI::App& app, AdminVerbs& verbs) {
  CLI::App& server = AddVerb(app, "server", "Show the server itself, or move its clients away",
                             "  livenessctl server info\n"
                             "  livenessctl --server=db-1:7700 server drain --within=1m\n");
  server.require_subcommand(0, 1);
  server.add_subcommand("info", "What it is and how it was set (the default)");
  CLI::App& drain = AddVerb(server, "drain",
                            "Ask its clients to go to other servers; it takes none until the end or undrain",
                            "  livenessctl --server=db-1:7700 server drain --within=1m\n"
                            "  livenessctl --server=db-1:7700 server drain --for=30m\n");
  AddDuration(
      drain, "--within", [&verbs](common::Duration d) { verbs.drain.within = d; },
      "Over which they spread; default 10s, at most 1h");
  AddEnd(drain, verbs.drain.span, verbs.drain.until);
  verbs.drain_verb = &drain;
  verbs.undrain_verb =
      &AddVerb(server, "undrain", "Take clients again", "  livenessctl --server=db-1:7700 server undrain\n");
}

Taken TakeMaintenance(const GlobalSettings& global, AdminVerbs& verbs, const std::vector<std::string>& rest) {
  MaintenanceSettings& settings = verbs.maintenance;
  const bool set = verbs.set->parsed();
  if (!set && !verbs.clear->parsed()) return "maintenance set, or maintenance clear?";
  settings.names.insert(settings.names.end(), rest.begin(), rest.end());
  if (settings.names.empty() == settings.filter.empty()) {
    return settings.names.empty() ? "whose maintenance? Give NAMEs, or a --filter that is not empty"
                                  : "give NAMEs or a --filter, not both";
  }
  if (set && !settings.span && !settings.until) return "for how long? Give --for or --until";
  if (settings.span && *settings.span <= common::Duration::zero()) return "--for must be longer than zero";
  if (global.output == OutputFormat::kName) return "-o name: this verb prints a count and no names";
  return settings;
}

Taken TakeServer(const GlobalSettings& global, AdminVerbs& verbs, const std::vector<std::string>& rest) {
  if (!rest.empty()) return "unexpected argument: " + rest[0];
  verbs.drain.undo = verbs.undrain_verb->parsed();
  if (!verbs.drain.undo && !verbs.drain_verb->parsed()) return ServerInfoSettings{};
  // The next one would be drained if the first did not answer.
  if (global.servers.size() > 1) return "server drain and undrain take one --server: the one that is meant";
  if (global.output == OutputFormat::kName) return "-o name: this verb prints no names";
  if (verbs.drain.span && *verbs.drain.span <= common::Duration::zero())
    return "--for must be longer than zero";
  return verbs.drain;
}

}  // namespace

void AddAdminVerbs(CLI::App& app, AdminVerbs& verbs) {
  CLI::App& evict = AddVerb(app, "evict", "Declare clients dead and refuse the processes behind them",
                            "  livenessctl evict web-1 --reason='host is being scrapped'\n");
  evict.add_option("NAME", verbs.evict.names, "Client ids, or clients/ID");
  evict.add_option("--reason", verbs.evict.reason, "Told to whoever asks why; at most 256 bytes");
  AddMaintenance(app, verbs);
  AddServer(app, verbs);
}

std::optional<Taken> TakeAdmin(const std::string& verb, const GlobalSettings& global, AdminVerbs& verbs,
                               const std::vector<std::string>& rest) {
  if (verb == "maintenance") return TakeMaintenance(global, verbs, rest);
  if (verb == "server") return TakeServer(global, verbs, rest);
  if (verb != "evict") return std::nullopt;
  verbs.evict.names.insert(verbs.evict.names.end(), rest.begin(), rest.end());
  if (verbs.evict.names.empty()) return "evict needs a NAME; livenessctl list shows them";
  return verbs.evict;
}

}  // namespace liveness::cli
