#include "client/cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "client/cli/exit_code.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/check_report.h"
#include "client/cli/print/display_text.h"
#include "client/cli/verbs/verbs.h"
#include "common/files/token.h"
#include "common/flags/command_line.h"
#include "common/flags/man_page.h"

namespace liveness::cli {
namespace {

constexpr char kDefaultServer[] = "127.0.0.1:7700";

constexpr char kVersion[] = "livenessctl " LIVENESS_VERSION;

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
  app.add_option("--token-file", global.token_file,
                 "A bearer token on one line, which says who asks; shown over TLS and to this host alone")
      ->envname("LIVENESS_TOKEN_FILE")
      ->type_name("FILE");
  app.add_flag("--http-proxy", global.http_proxy,
               "Connect through the proxy of $grpc_proxy, $https_proxy or $http_proxy; default: directly");
  app.add_option(
         "-o,--output",
         [&](const CLI::results_t& texts) {
           global.output = FormatByName(texts.back()).value_or(OutputFormat::kUnset);
           return true;
         },
         "Default: what people read best")
      ->type_name("table|wide|json|yaml|name")
      ->check(CLI::Validator(CheckFormat, "", "format"));
  app.add_flag("--no-headers", global.no_headers, "Tables without their header line");
  AddDuration(
      app, "--timeout", [&](common::Duration d) { global.timeout = d; },
      "Longest time for one request; default 5s");
}

// The help that was asked for. That of a verb shows its own flags, and then the global ones.
std::string Help(const CLI::App& app) {
  const auto formatter = std::dynamic_pointer_cast<CLI::Formatter>(app.get_formatter());
  if (app.get_subcommands().empty() || formatter == nullptr) return app.help();
  const CLI::App& verb = *app.get_subcommands().back();
  const auto global = app.get_options([&](const CLI::Option* option) {
    return option->get_name() != "--version" && option->get_name() != "--man" &&
           verb.get_option_no_throw(option->get_name()) == nullptr;
  });
  return app.help() + formatter->make_group("Global Options", false, global);
}

Message UsageError(const std::string& text, const std::string& verb) {
  // A word in `text` may be a stranger's: the name of a client, which a script passed on.
  const std::string words = Printable(common::PlainText(text));
  // Who runs a plugin reads its standard output alone.
  if (verb == "check") return {UnknownLine(words) + "\n", static_cast<ExitCode>(CheckCode::kUnknown)};
  return {"livenessctl: " + words + "\nSee livenessctl " + verb + (verb.empty() ? "" : " ") + "--help\n",
          verb == "health" ? static_cast<ExitCode>(HealthCode::kBadArguments) : ExitCode::kUsage, true};
}

// The command line, and what it fills.
struct Program {
  Program() {
    app.get_formatter()->column_width(34);
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", kVersion);
    common::AddManFlag(app, 1, kVersion);
    app.footer(std::string("Examples:\n"
                           "  livenessctl list --filter='state = ALIVE'\n"
                           "  livenessctl --server=db-1:7700,db-2:7700 watch\n\n") +
               kExitCodeHelp);
    AddGlobal(app, settings.global);
    for (const auto add_verb : kAddVerbs) verbs.push_back(add_verb(app, settings.global));
  }

  Settings settings;
  std::vector<Verb> verbs;
  CLI::App app{kDescription, "livenessctl"};
};

}  // namespace

common::CommandDoc ProgramDoc() { return common::DocOf(Program().app); }

std::variant<Settings, Message> ParseFlags(std::vector<std::string> args) {
  // CLI11 does not see the words after `--`: it would take some of a command's words for flags and verbs.
  const auto dashes = std::find(args.begin(), args.end(), "--");
  Words words;
  if (dashes != args.end()) words.assign(dashes + 1, args.end());
  const bool has_dashes = dashes != args.end();
  args.erase(dashes, args.end());

  Program program;
  Settings& settings = program.settings;
  const std::vector<Verb>& verbs = program.verbs;
  CLI::App& app = program.app;

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
  for (const std::string& server : global.servers) {
    if (global.token_file.empty()) break;
    const absl::Status safe = common::CheckTokenIsSafe("--token-file", server, global.tls.enabled);
    if (!safe.ok()) return UsageError(std::string(safe.message()), verb_name());
  }
  if (global.null_after_names && global.output == OutputFormat::kUnset) global.output = OutputFormat::kName;
  if (global.null_after_names && global.output != OutputFormat::kName) {
    return UsageError("-0 ends names with a NUL: it goes with -o name alone", verb_name());
  }
  if (verb_name() == "beat" && has_dashes && words.empty()) return UsageError("no command after --", "beat");
  const auto verb = std::find_if(verbs.begin(), verbs.end(), [](const Verb& v) { return v.app->parsed(); });
  Taken taken = verb->take(global, words);
  if (const auto* wrong = std::get_if<std::string>(&taken)) return UsageError(*wrong, verb_name());
  settings.verb = std::get<VerbSettings>(std::move(taken));
  return settings;
}

}  // namespace liveness::cli
