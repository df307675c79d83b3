#include "client/cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "client/cli/exit_code.h"
#include "client/cli/flags/add_verb.h"
#include "client/cli/flags/admin_flags.h"
#include "client/cli/flags/beat_flags.h"
#include "client/cli/flags/duration_flag.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/display_text.h"
#include "common/flags/command_line.h"

namespace liveness::cli {
namespace {

constexpr char kDefaultServer[] = "127.0.0.1:7700";

constexpr char kDescription[] =
    "Asks a liveness server who is live, who is not, and why.\n"
    "\n"
    "Durations are written 250ms, 6s, 2m, 1h30m. A flag goes before its environment\n"
    "variable, and that before the default. Filters are AIP-160, for instance\n"
    "  state = DEAD AND labels.zone = \"eu-*\"\n"
    "  last_heartbeat_age > 5m\n";

void AddGlobal(CLI::App& app, GlobalSettings& global) {
  app.add_option("--server", global.servers, "Tried in this order; default 127.0.0.1:7700")
      ->envname("LIVENESS_SERVER")
      ->type_name("HOST:PORT|unix:PATH[,...]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Validator(CheckServer, "", "server"));
  app.add_flag("--tls", global.tls.enabled, "TLS with the system's roots; implied by the other --tls flags");
  app.add_option("--tls-ca", global.tls.ca_file, "Roots that sign the server's certificate")
      ->envname("LIVENESS_TLS_CA")
      ->type_name("FILE");
  app.add_option("--tls-cert", global.tls.cert_file, "Own certificate, for mutual TLS; needs --tls-key")
      ->envname("LIVENESS_TLS_CERT")
      ->type_name("FILE");
  app.add_option("--tls-key", global.tls.key_file, "Its private key; needs --tls-cert")
      ->envname("LIVENESS_TLS_KEY")
      ->type_name("FILE");
  app.add_option("--tls-server-name", global.tls.server_name,
                 "Name in the server's certificate; default HOST")
      ->envname("LIVENESS_TLS_SERVER_NAME")
      ->type_name("NAME");
  app.add_flag("--http-proxy", global.http_proxy,
               "Connect through the proxy of $grpc_proxy, $https_proxy or $http_proxy; default: directly");
  app.add_option(
         "-o,--output",
         [&](const CLI::results_t& texts) {
           global.output = FormatByName(texts.back()).value_or(OutputFormat::kUnset);
           return true;
         },
         "table, wide, json, yaml or name; default: what people read best")
      ->type_name("FORMAT")
      ->check(CLI::Validator(CheckFormat, "", "format"));
  app.add_flag("--no-headers", global.no_headers, "Tables without their header line");
  AddDuration(
      app, "--timeout", [&](common::Duration d) { global.timeout = d; },
      "Longest time for one request; default 5s");
}

// All verbs' settings, of which one is used.
struct Verbs {
  ListSettings list;
  GetSettings get;
  WatchSettings watch;
  TransitionsSettings transitions;
  StatsSettings stats;
  AdminVerbs admin;
  BeatSettings beat;
  std::vector<std::string> labels;
};

// Of verbs that print names.
void AddNull(CLI::App& verb, GlobalSettings& global) {
  verb.add_flag("-0,--null", global.null_after_names,
                "Names alone (-o name), exactly as they are, and a NUL after each: for xargs -0");
}

void AddQueries(CLI::App& app, Verbs& verbs) {
  CLI::App& list = AddVerb(app, "list", "List clients",
                           "  livenessctl list\n"
                           "  livenessctl list --filter='state = DEAD AND labels.zone = \"eu-*\"' -o wide\n"
                           "  livenessctl list -o json | jq -r '.clients[].client_id'\n");
  AddFilter(list, verbs.list.filter);
  list.add_option("--limit", verbs.list.limit, "At most so many; default 0: all")
      ->check(CLI::NonNegativeNumber.description(""));
  list.add_option("--order-by", verbs.list.order_by, "client_id (default) or 'client_id desc'")
      ->type_name("ORDER");

  CLI::App& get = AddVerb(app, "get", "Show all that is known of clients, with the evidence",
                          "  livenessctl get web-1\n"
                          "  livenessctl get web-1 --last-words\n"
                          "  livenessctl get web-1 web-2 -o yaml\n");
  get.add_option("NAME", verbs.get.names, "Client ids, or clients/ID");
  get.add_flag("--last-words", verbs.get.last_words,
               "Of one that died without goodbye: its last will and its last minute");

  CLI::App& watch = AddVerb(app, "watch", "Follow clients: who is there, then each change as it happens",
                            "  livenessctl watch\n"
                            "  livenessctl watch --since-now -o json | jq -c 'select(.transition)'\n");
  AddFilter(watch, verbs.watch.filter);
  watch.add_option("--start-revision", verbs.watch.start_revision,
                   "No snapshot, but what happened after this revision");
  watch.add_option("--history-id", verbs.watch.history_id, "The history that --start-revision belongs to");
  watch.add_flag("--since-now", verbs.watch.since_now, "No snapshot, only what happens from now on")
      ->excludes("--start-revision");
  watch.add_flag("--wait", verbs.watch.wait, "Wait for the first connection, too, for as long as it takes");

  CLI::App& transitions = AddVerb(app, "transitions", "List what happened",
                                  "  livenessctl transitions --since=10m\n"
                                  "  livenessctl transitions web-1 --limit=20\n"
                                  "  livenessctl transitions --filter='to_state = DEAD'\n");
  transitions.add_option("NAME", verbs.transitions.name, "Only this client's");
  AddFilter(transitions, verbs.transitions.filter);
  transitions.add_option("--limit", verbs.transitions.limit, "Only the latest so many; default 0: all")
      ->check(CLI::NonNegativeNumber.description(""));
  AddDuration(
      transitions, "--since", [&verbs](common::Duration d) { verbs.transitions.since = d; },
      "Only what is not older than this");

  CLI::App& stats = AddVerb(app, "stats", "Count clients by state, and say how well the server detects",
                            "  livenessctl stats\n  livenessctl stats --by-label=zone\n");
  AddFilter(stats, verbs.stats.filter);
  stats.add_option("--by-label,--group-by", verbs.stats.by_label, "Also per value of this label")
      ->type_name("KEY");
}

void AddBeat(CLI::App& app, Verbs& verbs) {
  CLI::App& beat =
      AddVerb(app, "beat", "Be a client: beat until told to stop, or with -- COMMAND as long as it runs",
              "  livenessctl beat --id=web-1 --interval=1s --timeout=3s --label=zone=eu-1\n"
              "  livenessctl beat --id=nightly -- /usr/local/bin/backup --all\n"
              "  livenessctl beat --id=db-1 --found-within=1s --mistake-recurrence=720h\n"
              "\n"
              "SIGTERM or SIGINT ends it with a goodbye. With a command they are passed on to it,\n"
              "and its exit code or signal goes into the goodbye: a failed command is DEAD, not LEFT.\n");
  AddBeatFlags(beat, verbs.beat, verbs.labels);
}

// The settings of the verb that was parsed, or what is wrong with them.
std::variant<VerbSettings, std::string> Take(const std::string& verb, const GlobalSettings& global,
                                             Verbs& verbs, std::vector<std::string> rest) {
  if (auto taken = TakeAdmin(verb, global, verbs.admin, rest)) return *std::move(taken);
  const auto names = [&](std::vector<std::string>& target) {
    target.insert(target.end(), rest.begin(), rest.end());
  };
  if (verb == "get") {
    names(verbs.get.names);
    if (verbs.get.names.empty()) return "get needs a NAME; livenessctl list shows them";
    return verbs.get;
  }
  if (verb == "beat") {
    for (const std::string& label : verbs.labels) {
      const std::size_t equals = label.find('=');
      verbs.beat.labels[label.substr(0, equals)] = label.substr(equals + 1);
    }
    verbs.beat.command = std::move(rest);
    return verbs.beat;
  }
  if (verb == "transitions" && rest.size() == 1 && verbs.transitions.name.empty()) {
    verbs.transitions.name = rest[0];
    return verbs.transitions;
  }
  if (!rest.empty()) return "unexpected argument: " + rest[0];
  if (verb == "list") return verbs.list;
  if (verb == "watch") return verbs.watch;
  if (verb == "transitions") return verbs.transitions;
  return verbs.stats;
}

// What was asked for: of a verb its own flags, and then the global ones.
std::string Help(const CLI::App& app) {
  const auto formatter = std::dynamic_pointer_cast<CLI::Formatter>(app.get_formatter());
  if (app.get_subcommands().empty() || formatter == nullptr) return app.help();
  const CLI::App& verb = *app.get_subcommands().back();
  const auto global = app.get_options([&](const CLI::Option* option) {
    return option->get_name() != "--version" && verb.get_option_no_throw(option->get_name()) == nullptr;
  });
  return app.help() + formatter->make_group("Global Options", false, global);
}

Message UsageError(const std::string& text, const std::string& verb) {
  // The words may be a stranger's: a client's name that a script passed on.
  return {"livenessctl: " + Printable(common::PlainText(text)) + "\nSee livenessctl " + verb +
              (verb.empty() ? "" : " ") + "--help\n",
          true};
}

}  // namespace

std::variant<Settings, Message> ParseFlags(std::vector<std::string> args) {
  // Cut by hand: a command's own words are never mistaken for our flags or verbs.
  const auto dashes = std::find(args.begin(), args.end(), "--");
  std::vector<std::string> rest;
  if (dashes != args.end()) rest.assign(dashes + 1, args.end());
  const bool has_dashes = dashes != args.end();
  args.erase(dashes, args.end());

  Settings settings;
  Verbs verbs;
  CLI::App app(kDescription, "livenessctl");
  app.get_formatter()->column_width(34);
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "livenessctl " LIVENESS_VERSION);
  app.footer(std::string("Examples:\n"
                         "  livenessctl list --filter='state = ALIVE'\n"
                         "  livenessctl --server=db-1:7700,db-2:7700 watch\n\n") +
             kExitCodeHelp);
  AddGlobal(app, settings.global);
  AddQueries(app, verbs);
  AddAdminVerbs(app, verbs.admin);
  for (const char* verb : {"list", "get", "watch", "transitions", "evict"}) {
    AddNull(*app.get_subcommand(verb), settings.global);
  }
  AddBeat(app, verbs);

  const auto verb_name = [&]() -> std::string {
    const auto parsed = app.get_subcommands();
    return parsed.empty() ? "" : parsed.front()->get_name();
  };
  try {
    common::ParseWords(
        app, std::move(args),
        {"--filter", "--history-id", "--last-will", "--order-by", "--reason", "--version-label"});
  } catch (const CLI::CallForHelp&) {
    return Message{Help(app)};
  } catch (const CLI::CallForVersion& version) {
    return Message{std::string(version.what()) + "\n"};
  } catch (const CLI::ExtrasError& error) {
    const std::string hint = verb_name() == "beat" ? " (a command goes after --)" : "";
    return UsageError(error.what() + hint, verb_name());
  } catch (const CLI::ParseError& error) {
    if (verb_name().empty() && error.get_name() == "RequiredError") {
      const std::vector<std::string> unknown = app.remaining();
      return UsageError(unknown.empty() ? "which verb?" : "unknown verb or flag: " + unknown.front(), "");
    }
    return UsageError(error.what(), verb_name());
  }

  GlobalSettings& global = settings.global;
  if (global.servers.empty()) global.servers.emplace_back(kDefaultServer);
  if (global.timeout <= common::Duration::zero())
    return UsageError("--timeout must be longer than zero", verb_name());
  if (global.tls.cert_file.empty() != global.tls.key_file.empty()) {
    return UsageError("--tls-cert and --tls-key need each other", verb_name());
  }
  global.tls.enabled = global.tls.enabled || !global.tls.ca_file.empty() || !global.tls.cert_file.empty() ||
                       !global.tls.server_name.empty();
  if (global.null_after_names && global.output == OutputFormat::kUnset) global.output = OutputFormat::kName;
  if (global.null_after_names && global.output != OutputFormat::kName) {
    return UsageError("-0 ends names with a NUL: it goes with -o name alone", verb_name());
  }
  if (verb_name() == "beat" && has_dashes && rest.empty()) return UsageError("no command after --", "beat");
  auto verb = Take(verb_name(), global, verbs, std::move(rest));
  if (const auto* wrong = std::get_if<std::string>(&verb)) return UsageError(*wrong, verb_name());
  settings.verb = std::get<VerbSettings>(std::move(verb));
  return settings;
}

}  // namespace liveness::cli
