#include "server/app/config/config.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/flags/command_line.h"
#include "common/flags/completion_script.h"
#include "common/flags/man_page.h"
#include "common/utf8.h"
#include "server/app/access_policy.h"
#include "server/app/config/config_check.h"
#include "server/app/config/config_explain.h"
#include "server/app/config/config_print.h"
#include "server/app/config/config_sources.h"
#include "server/app/config/server_flags.h"
#include "server/app/version.h"

namespace liveness::app {
namespace {

constexpr char kDescription[] =
    "The liveness server: knows which processes are live, and why one is gone.\n"
    "Durations are written 250ms, 6s, 2m, 1h30m.\n"
    "Every flag can also stand in the file of --config under its name (min-interval = \"250ms\"), and in\n"
    "the environment (LIVENESSD_MIN_INTERVAL=250ms). A flag goes before the environment, that before the\n"
    "file.";

// `livenessd config check` and `livenessd config print`, with all flags of the server.
struct ConfigVerbs {
  CLI::App* config = nullptr;
  CLI::App* check = nullptr;
  CLI::App* print = nullptr;
  CLI::App* explain = nullptr;
  Question question;

  void AddTo(CLI::App& app) {
    config = app.add_subcommand(
        "config",
        "Look at the configuration that all flags, the environment and the file make, and start nothing");
    check = config->add_subcommand(
        "check", "Say ok, or all that is wrong, with exit code 2; reads the files that it names as well");
    print = config->add_subcommand(
        "print", "Write the configuration in force as a file, with where each value comes from");
    explain =
        config->add_subcommand("explain", "Say whether somebody may do something, and which rule decides");
    AddQuestion(*explain, question);
    for (CLI::App* const verb : {config, check, print, explain}) verb->fallthrough();
  }
};

// `livenessd completion SHELL`.
struct CompletionVerb {
  CLI::App* app = nullptr;
  std::string shell;

  void AddTo(CLI::App& program) {
    app = program.add_subcommand("completion", "Print a script that completes words in a shell");
    app->add_option("SHELL", shell, "bash, zsh or fish")
        ->required()
        ->type_name("bash|zsh|fish")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
    app->fallthrough();
  }
};

ParsedConfig Leave(int exit_code, std::string out, std::string err) {
  ParsedConfig parsed;
  parsed.exit_code = exit_code;
  parsed.out = std::move(out);
  parsed.err = std::move(err);
  return parsed;
}

ParsedConfig Refuse(const std::string& why) {
  return Leave(2, "", "livenessd: " + why + "\nTry 'livenessd --help'.\n");
}

}  // namespace

ParsedConfig ParseConfig(int argc, const char* const* argv) {
  Config config;
  ServerFlags flags;
  ConfigVerbs verbs;
  CompletionVerb completion;
  CLI::App app(kDescription, "livenessd");
  app.set_version_flag("--version", std::string("livenessd ") + kVersion);
  common::AddManFlag(app, 8, std::string("livenessd ") + kVersion);
  app.get_formatter()->column_width(36);
  app.option_defaults()->take_last();  // what is given twice is told below
  CLI::Option* const file = app.add_option("--config", config.file, "A TOML file with values of the flags")
                                ->type_name("FILE")
                                ->configurable(false);
  flags.AddTo(app, config);
  verbs.AddTo(app);
  completion.AddTo(app);

  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (!words.empty() && words.front() == "__complete") {  // the scripts of `completion` ask
    words.erase(words.begin());
    return Leave(0, common::CompletionLines(common::Complete(common::DocOf(app), words)), "");
  }
  try {
    common::ParseWords(app, std::move(words), {});
  } catch (const CLI::CallForHelp&) {
    return Leave(0, app.help(), "");
  } catch (const CLI::CallForVersion& version) {
    return Leave(0, std::string(version.what()) + "\n", "");
  } catch (const CLI::ParseError& error) {
    return Refuse(common::PlainLine(common::PlainText(error.what())));
  }
  if (completion.app->parsed()) return Leave(0, common::CompletionScript("livenessd", completion.shell), "");
  if (verbs.config->parsed() && !verbs.check->parsed() && !verbs.print->parsed() &&
      !verbs.explain->parsed()) {
    return Refuse("config: say check, print or explain");
  }

  ConfigSources sources(app, *file);
  sources.RefuseRepeated();
  sources.TakeEnvironment();
  if (!config.file.empty()) sources.TakeFile(config.file);
  for (const std::string& wrong : flags.ApplyTo(config)) sources.Refuse(wrong);
  if (sources.ok()) {
    if (const absl::Status closed = CheckClosed(config); !closed.ok())
      sources.Refuse(std::string(closed.message()));
  }
  if (!sources.ok()) return Leave(2, "", sources.Errors());
  config.settings = sources.Settings();
  config.hooks = sources.hooks();

  if (verbs.print->parsed()) return Leave(0, PrintConfig(config.settings, config.hooks), "");
  if (verbs.explain->parsed()) return Explain(config, verbs.question);
  if (verbs.check->parsed()) {
    for (const std::string& wrong : CheckFiles(config)) sources.Refuse(wrong);
    return sources.ok() ? Leave(0, "ok\n", "") : Leave(2, "", sources.Errors());
  }
  ParsedConfig parsed;
  parsed.config = std::move(config);
  return parsed;
}

}  // namespace liveness::app
