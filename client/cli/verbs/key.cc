// `livenessctl key rotate FILE` and `key list FILE`: the keys that a server's resume tokens are signed with.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/table.h"
#include "client/cli/process/secret_file.h"
#include "client/cli/verbs/verbs.h"
#include "common/files/file.h"
#include "common/keys/resume_keys.h"
#include "common/random.h"
#include "common/strings.h"

namespace liveness::cli {
namespace {

void AddFile(CLI::App& verb, KeySettings& settings) {
  verb.add_option("FILE", settings.file, "The server's --resume-key-file")->type_name("FILE")->required();
}

std::string OrNone(const std::optional<common::WallTime>& time) { return time ? TimeText(*time) : ""; }

void PrintKeys(const common::ResumeKeys& keys, const Context& context) {
  Terminal& terminal = context.terminal;
  const common::WallTime now = terminal.clock.Wall();
  Table table(terminal.out, {"ID", "FROM", "UNTIL", "USE"},
              {.headers = !context.global.no_headers, .color = terminal.color});
  bool signs = false;
  const auto use = [&](const std::optional<common::WallTime>& until, bool has_come) {
    if (until && *until <= now) return "ended";
    if (!has_come) return "signs from then on";
    return std::exchange(signs, true) ? "accepted" : "signs";
  };
  for (const common::ResumeKey& each : keys.keys) {
    table.AddRow({common::NameOf(each.secret), TimeText(each.from), OrNone(each.until),
                  use(each.until, each.from <= now)});
  }
  table.AddRow({"(the store's)", "", OrNone(keys.store_until), use(keys.store_until, true)});
  table.Flush();
}

// Of a file that is there. A secret is 32 bytes of the kernel's.
absl::StatusOr<common::ResumeKeys> Rotate(const std::optional<std::string>& text, const KeySettings& settings,
                                          common::WallTime now) {
  common::ResumeKeys keys;
  if (text) {
    absl::StatusOr<common::ResumeKeys> read = common::ParseResumeKeys(*text, settings.file);
    if (!read.ok())
      return absl::InvalidArgumentError(
          absl::StrCat("is no file of resume keys, and is left as it is\n", read.status().message()));
    keys = *std::move(read);
  }
  common::ResumeSecret secret{};
  common::RandomBytes(secret);
  return common::RotateResumeKeys(std::move(keys), secret, now, settings.from, settings.overlap);
}

}  // namespace

Verb AddKey(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<KeySettings>();
  CLI::App& key = AddVerb(program, "key", "Keys of resume tokens, for a server's --resume-key-file",
                          "  livenessctl key rotate /etc/liveness/resume-keys.toml\n"
                          "  livenessctl key list /etc/liveness/resume-keys.toml\n");
  key.require_subcommand(0, 1);
  CLI::App& rotate =
      AddVerb(key, "rotate", "Add a key to the file, or make it; servers sign with it from a later date on",
              "  livenessctl key rotate resume-keys.toml --from=5m --overlap=168h\n"
              "  livenessctl key rotate resume-keys.toml --from=0s --overlap=0s   # they leaked\n");
  AddFile(rotate, *settings);
  AddDuration(
      rotate, "--from", [s = settings.get()](common::Duration d) { s->from = d; },
      "When it begins to sign; till then each server must have the file; default 1m");
  AddDuration(
      rotate, "--overlap", [s = settings.get()](common::Duration d) { s->overlap = d; },
      "How long the keys before it are accepted after that; default 24h");
  CLI::App& list = AddVerb(key, "list", "Show the keys of the file, without what is secret",
                           "  livenessctl key list resume-keys.toml\n");
  AddFile(list, *settings);
  return {&key,
          [settings, &rotate, &list](const GlobalSettings& /*global*/, const Words& /*words*/) -> Taken {
            if (!rotate.parsed() && !list.parsed()) return "key rotate FILE, or key list FILE";
            if (settings->from < common::Duration::zero()) return "--from must not be below zero";
            if (settings->overlap < common::Duration::zero()) return "--overlap must not be below zero";
            settings->rotate = rotate.parsed();
            return *settings;
          }};
}

ExitCode RunVerb(const KeySettings& settings, Context& context) {
  Terminal& terminal = context.terminal;
  common::ResumeKeys keys;
  if (settings.rotate) {
    const auto change = [&](const std::optional<std::string>& text) -> absl::StatusOr<std::string> {
      absl::StatusOr<common::ResumeKeys> rotated = Rotate(text, settings, terminal.clock.Wall());
      if (!rotated.ok()) return rotated.status();
      keys = *std::move(rotated);
      return common::FormatResumeKeys(keys);
    };
    const absl::Status changed = ChangeSecretFile(settings.file, change);
    if (!changed.ok()) return Fail(ExitCode::kUsage, std::string(changed.message()), terminal);
  } else {
    const absl::StatusOr<std::string> text =
        common::ReadSecretFile(settings.file, common::ResumeKeys::kMaxFileBytes);
    if (!text.ok()) {
      return Fail(ExitCode::kUsage, absl::StrCat(settings.file, ": ", text.status().message()), terminal);
    }
    absl::StatusOr<common::ResumeKeys> read = common::ParseResumeKeys(*text, settings.file);
    if (!read.ok()) return Fail(ExitCode::kUsage, std::string(read.status().message()), terminal);
    keys = *std::move(read);
  }
  PrintKeys(keys, context);
  return ExitCode::kOk;
}

}  // namespace liveness::cli
