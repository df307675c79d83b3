// `livenessctl audit`: who did what, and who was refused, in the order in which it began.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/list_printer.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/table.h"
#include "client/cli/verbs/pages.h"
#include "client/cli/verbs/verbs.h"
#include "common/flags/numbers.h"
#include "common/limits.h"
#include "common/saturating.h"

namespace liveness::cli {
namespace {

// A server keeps 10,000, unless it is told otherwise; one that never comes to an end is not to have all of
// our memory.
constexpr std::size_t kMostEvents = 100'000;

std::string OutcomeText(const v1::AuditEvent& event) {
  std::string text;
  switch (event.outcome()) {
    case v1::AUDIT_OUTCOME_ALLOWED: text = "ALLOWED"; break;
    case v1::AUDIT_OUTCOME_REFUSED: text = "REFUSED"; break;
    case v1::AUDIT_OUTCOME_FAILED: text = "FAILED"; break;
    default: text = "UNKNOWN"; break;
  }
  if (!event.reason().empty()) absl::StrAppend(&text, " ", event.reason());
  if (event.outcome() == v1::AUDIT_OUTCOME_ALLOWED) absl::StrAppend(&text, " ", event.message());
  if (event.count() > 1) absl::StrAppend(&text, " (", event.count(), " times)");
  return text;
}

Style OutcomeStyle(v1::AuditOutcome outcome) {
  return outcome == v1::AUDIT_OUTCOME_ALLOWED ? Style::kPlain : Style::kWarning;
}

std::vector<std::string> Headers(bool wide) {
  if (wide) return {"TIME", "WHO", "FROM", "WHAT", "OUTCOME", "REVISION", "SINCE", "SERVER", "MESSAGE"};
  return {"TIME", "WHO", "FROM", "WHAT", "OUTCOME"};
}

std::vector<Cell> Cells(const v1::AuditEvent& event, bool wide) {
  std::vector<Cell> cells;
  cells.emplace_back(TimeText(FromProto(event.time())));
  cells.emplace_back(event.principal().empty() ? "anonymous" : ListedName(event.principal()));
  cells.emplace_back(event.address());
  cells.emplace_back(event.target().empty() ? event.action()
                                            : absl::StrCat(event.action(), " ", ListedName(event.target())));
  cells.emplace_back(OutcomeText(event), OutcomeStyle(event.outcome()));
  if (!wide) return cells;
  cells.emplace_back(event.revision() == 0 ? std::string() : absl::StrCat(event.revision()));
  cells.emplace_back(TimeText(FromProto(event.begin_time())));
  cells.emplace_back(event.server_id());
  cells.emplace_back(event.message());
  return cells;
}

}  // namespace

Verb AddAudit(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<AuditSettings>();
  CLI::App& audit =
      AddVerb(program, "audit", "List who did what on a server, and who was refused",
              "  livenessctl audit --since=1h\n"
              "  livenessctl audit --filter='outcome = REFUSED AND reason = BAD_TOKEN'\n"
              "  livenessctl audit --filter='principal = \"token:ops*\" AND action = evict' -o wide\n");
  AddFilter(audit, settings->filter);
  audit.add_option("--limit", settings->limit, "Only the latest so many; default 0: all that are kept")
      ->check(common::AnyCount());
  AddDuration(
      audit, "--since", [settings = settings.get()](common::Duration d) { settings->since = d; },
      "Only what is not older than this");
  return {&audit, [settings](const GlobalSettings& global, const Words& words) -> Taken {
            // Each server has a log of its own.
            if (global.servers.size() > 1) return "audit takes one --server: the one whose log is meant";
            if (global.output == OutputFormat::kName) return "-o name: this verb prints no names";
            return TakeNoWords(*settings, words);
          }};
}

ExitCode RunVerb(const AuditSettings& settings, Context& context) {
  const bool wide = context.global.output == OutputFormat::kWide;
  std::optional<common::WallTime> oldest;
  if (settings.since) {
    oldest = common::SaturatingSub(context.api->ServerTime(context.terminal.clock.Wall()), *settings.since);
  }
  v1::ListAuditEventsRequest request;
  request.set_filter(settings.filter);
  std::vector<v1::AuditEvent> latest;
  const std::size_t most = settings.limit > 0
                               ? std::min<std::size_t>(static_cast<std::size_t>(settings.limit), kMostEvents)
                               : kMostEvents;
  const absl::Status status = EachPage(*context.api, &Api::ListAuditEvents, request, settings.limit,
                                       [&](const v1::ListAuditEventsResponse& page) {
                                         for (const v1::AuditEvent& event : page.audit_events()) {
                                           if (latest.size() == most) return false;
                                           if (!oldest || FromProto(event.time()) >= *oldest)
                                             latest.push_back(event);
                                         }
                                         return true;
                                       });
  if (!status.ok()) return Fail(status, context);
  ListPrinter printer("audit_events", Headers(wide), context.global, context.terminal);
  int rows = 0;
  for (auto event = latest.rbegin(); event != latest.rend(); ++event) {
    printer.Add(*event, {}, [&] { return Cells(*event, wide); });
    if (++rows % common::kMaxPageSize == 0) printer.Flush();
  }
  printer.Finish("No entries match.");
  if (latest.size() == kMostEvents) {
    context.terminal.out.flush();
    context.terminal.err << "livenessctl: these are the latest " << kMostEvents
                         << "; a --filter finds what is older\n";
  }
  return ExitCode::kOk;
}

}  // namespace liveness::cli
