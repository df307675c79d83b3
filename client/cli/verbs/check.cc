// `livenessctl check`: are there as many as there should be? A plugin of Nagios, Icinga and their like.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/print/check_report.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/verbs.h"
#include "common/flags/numbers.h"

namespace liveness::cli {
namespace {

constexpr char kLive[] = "state = ALIVE AND health = OK";
constexpr int kMostNamed = 5;

// Those that match `filter` and `more`.
std::string Both(const std::string& filter, const std::string& more) {
  return filter.empty() ? more : absl::StrCat("(", filter, ") AND ", more);
}

void AddLimit(CLI::App& check, const std::string& flag, std::optional<std::int64_t>& limit,
              const std::string& help) {
  check.add_option(flag, limit, help)->type_name("COUNT")->check(common::AnyCount());
}

Taken TakeCheck(const CheckSettings& settings, const GlobalSettings& global, const Words& words) {
  if (!words.empty()) return "unexpected argument: " + words[0];
  if (!settings.min && !settings.max && !settings.warn_min && !settings.warn_max) {
    return "how many should there be? Give --min or --max";
  }
  if (settings.warn_min && settings.min && *settings.warn_min < *settings.min) {
    return "--warn-min is below --min: it would never warn";
  }
  if (settings.warn_max && settings.max && *settings.warn_max > *settings.max) {
    return "--warn-max is above --max: it would never warn";
  }
  if (settings.min && settings.max && *settings.min > *settings.max) return "--min is above --max";
  if (global.output != OutputFormat::kUnset) return "-o: a plugin's output has one form";
  return settings;
}

ExitCode Unknown(const absl::Status& status, const Context& context) {
  const Api& api = *context.api;
  std::ostream& out = context.terminal.out;
  out << UnknownLine(ErrorText(status, api.server(), api.tls())) << '\n';
  for (const Api::Failure& failure : api.failures()) {
    if (failure.server != api.server()) {
      out << UnknownLine(ErrorText(failure.status, failure.server, api.tls())) << '\n';
    }
  }
  out.flush();
  return static_cast<ExitCode>(CheckCode::kUnknown);
}

// Those that make the difference, the latest change first. Without an answer nothing is added.
void PrintClients(const std::string& filter, const Context& context) {
  v1::ListClientsRequest request;
  request.set_filter(filter);
  request.set_order_by("state_time desc");
  request.set_page_size(kMostNamed);
  request.set_view(v1::CLIENT_VIEW_FULL);
  const auto page = context.api->ListClients(request);
  if (!page.ok()) return;
  for (const v1::Client& client : page->clients()) {
    context.terminal.out << CheckedClientLine(client, FromProto(page->as_of())) << '\n';
  }
}

}  // namespace

Verb AddCheck(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<CheckSettings>();
  CLI::App& check =
      AddVerb(program, "check", "Are there as many as there should be? For Nagios and its like", "");
  check.footer(
      std::string("Examples:\n"
                  "  livenessctl check --filter='labels.app = web' --min=3\n"
                  "  livenessctl check --filter='labels.role = leader' --min=1 --max=1\n"
                  "\n"
                  "Live is who is ALIVE and OK. Who is in maintenance is missed by nobody, and told\n"
                  "apart. --max counts all that are ALIVE, whatever their health.\n\n") +
      kCheckCodeHelp);
  AddFilter(check, settings->filter);
  AddLimit(check, "--min", settings->min, "CRITICAL if fewer are live");
  AddLimit(check, "--warn-min", settings->warn_min, "WARNING if fewer are live");
  AddLimit(check, "--max", settings->max, "CRITICAL if more are ALIVE");
  AddLimit(check, "--warn-max", settings->warn_max, "WARNING if more are ALIVE");
  return {&check, [settings](const GlobalSettings& global, const Words& words) {
            return TakeCheck(*settings, global, words);
          }};
}

ExitCode RunVerb(const CheckSettings& settings, Context& context) {
  v1::GetStatsRequest request;
  request.set_filter(settings.filter);
  const auto all = context.api->GetStats(request);
  if (!all.ok()) return Unknown(all.status(), context);
  request.set_filter(Both(settings.filter, kLive));
  const auto live = context.api->GetStats(request);
  if (!live.ok()) return Unknown(live.status(), context);

  const CheckReport report = Judge(all->counts(), live->counts().alive(), settings);
  context.terminal.out << report.line << '\n';
  if (report.code == CheckCode::kWarning || report.code == CheckCode::kCritical) {
    PrintClients(Both(settings.filter, report.too_many
                                           ? std::string("state = ALIVE")
                                           : absl::StrCat("NOT (", kLive, ") AND NOT health = MAINTENANCE")),
                 context);
  }
  context.terminal.out.flush();
  return static_cast<ExitCode>(report.code);
}

}  // namespace liveness::cli
