// The flags of `livenessctl beat`.

#include <CLI/CLI.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "client/cli/flags/flag_values.h"
#include "client/cli/verbs/verbs.h"
#include "common/flags/numbers.h"
#include "common/limits.h"

namespace liveness::cli {
namespace {

// How silence is judged: by times that the user gives, or by the quality that the times are to bring about.
void AddTimes(CLI::App& beat, BeatSettings& settings) {
  CLI::Option* const interval = AddDuration(
      beat, "--interval", [&](common::Duration d) { settings.interval = d; },
      "Time between heartbeats; default: the server's");
  CLI::Option* const timeout = AddDuration(
      beat, "--timeout", [&](common::Duration d) { settings.timeout = d; },
      "Silence after which it is suspected; default: the server's");
  CLI::Option* const found_within = AddDuration(
      beat, "--found-within", [&](common::Duration d) { settings.found_within = d; },
      "Instead of both: find it within this, and let the server work them out");
  CLI::Option* const recurrence = AddDuration(
      beat, "--mistake-recurrence", [&](common::Duration d) { settings.mistake_recurrence = d; },
      "With --found-within: suspect it wrongly at most once in this");
  for (CLI::Option* option : {found_within, recurrence}) option->excludes(interval)->excludes(timeout);
  found_within->needs(recurrence);
  recurrence->needs(found_within);
  CLI::Option* const detection =
      beat.add_option("--detection", settings.detection,
                      "fixed (default): overdue after the timeout; accrual: sooner where pings come steadily")
          ->check(CLI::IsMember({"fixed", "accrual"}).description(""))
          ->type_name("fixed|accrual");
  beat.add_option("--detection-threshold", settings.detection_threshold,
                  "With accrual: the suspicion level (phi) that counts as overdue; default 8")
      ->check(common::NumberBetween(common::kMinSuspicionThreshold, common::kMaxSuspicionThreshold)
                  .description(""))
      ->needs(detection)
      ->type_name("PHI");
}

// `labels` are filled with KEY=VALUE, as they were given.
void AddFlags(CLI::App& beat, BeatSettings& settings, std::vector<std::string>& labels) {
  beat.add_option("--id", settings.id, "Client id; default: the host's name, with a command HOST/COMMAND");
  AddTimes(beat, settings);
  beat.add_option("--label", labels, "A label; repeat it for more")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->check(CLI::Validator(CheckLabel, "", "label"));
  beat.add_option("--instance-id", settings.instance_id, "This start of the process; default: random");
  beat.add_option("--host", settings.host, "Host name to tell; default: this host's");
  beat.add_option("--version-label", settings.version_label, "Version to tell");
  beat.add_option("--last-will", settings.last_will, "What to tell if it dies without goodbye");
  beat.add_option("--keepalive-preset", settings.keepalive_preset, "All layers at once; default standard")
      ->check(CLI::IsMember({"standard", "strict"}).description(""))
      ->type_name("standard|strict");
  beat.add_flag("--stop-when-fenced", settings.stop_when_fenced,
                "Superseded or evicted: also end the command and all that it started");
  beat.add_flag("-q,--quiet", settings.quiet, "Print errors only");
}

}  // namespace

Verb AddBeat(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<BeatSettings>();
  const auto labels = std::make_shared<std::vector<std::string>>();
  CLI::App& beat =
      AddVerb(program, "beat", "Be a client: beat until told to stop, or with -- COMMAND as long as it runs",
              "  livenessctl beat --id=web-1 --interval=1s --timeout=3s --label=zone=eu-1\n"
              "  livenessctl beat --id=nightly -- /usr/local/bin/backup --all\n"
              "  livenessctl beat --id=db-1 --found-within=1s --mistake-recurrence=720h\n"
              "\n"
              "SIGTERM or SIGINT ends it with a goodbye. With a command they are passed on to it,\n"
              "and its exit code or signal goes into the goodbye: a failed command is DEAD, not LEFT.\n");
  AddFlags(beat, *settings, *labels);
  return {&beat, [settings, labels](const GlobalSettings& /*global*/, const Words& words) {
            for (const std::string& label : *labels) {
              const std::size_t equals = label.find('=');
              settings->labels[label.substr(0, equals)] = label.substr(equals + 1);
            }
            settings->command = words;
            return Taken(*settings);
          }};
}

}  // namespace liveness::cli
