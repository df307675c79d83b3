// `livenessctl transitions [NAME]`: what happened, in the order in which it did.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/list_printer.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/table.h"
#include "client/cli/print/watch_printer.h"
#include "client/cli/verbs/pages.h"
#include "client/cli/verbs/verbs.h"
#include "common/flags/numbers.h"
#include "common/saturating.h"

namespace liveness::cli {
namespace {

std::string Both(const std::string& first, const std::string& second) {
  return second.empty() ? first : absl::StrCat(first, " AND (", second, ")");
}

// `oldest`: what is older is left out.
std::string FilterOf(const TransitionsSettings& settings, std::optional<common::WallTime> oldest) {
  std::string filter = settings.filter;
  if (!settings.name.empty()) filter = Both("client_id = " + FilterString(ClientId(settings.name)), filter);
  // History has nothing from before 1970.
  if (oldest && *oldest > common::WallTime()) filter = Both("time >= \"" + TimeText(*oldest) + "\"", filter);
  return filter;
}

// Prints transitions in the format that was asked for.
class Printer {
 public:
  explicit Printer(const Context& context)
      : wide_(context.global.output == OutputFormat::kWide),
        terminal_(context.terminal),
        list_("transitions", Headers(wide_), context.global, context.terminal) {}

  void Add(const v1::Transition& transition) {
    list_.Add(transition, ClientName(transition.client_id()), [&] { return Cells(transition); });
  }

  // Says on stderr where history has a gap: once, though several pages may tell of the same gap.
  void NoteGaps(const v1::ListTransitionsResponse& page) {
    for (const v1::Gap& gap : page.gaps()) {
      if (gap.resumes_at_revision() == last_gap_) continue;
      last_gap_ = gap.resumes_at_revision();
      terminal_.err << absl::StrCat("History is not complete between revisions ", gap.after_revision(),
                                    " and ", gap.resumes_at_revision(), ".\n");
    }
  }

  void Flush() { list_.Flush(); }
  void Finish() { list_.Finish("No transitions match."); }

 private:
  static std::vector<std::string> Headers(bool wide) {
    if (wide) return {"TIME", "NAME", "CHANGE", "CAUSE", "INCARNATION", "REVISION", "SERVER", "EVIDENCE"};
    return {"TIME", "NAME", "CHANGE", "CAUSE", "EVIDENCE"};
  }

  std::vector<Cell> Cells(const v1::Transition& transition) const {
    std::vector<Cell> cells;
    cells.emplace_back(TimeText(FromProto(transition.time())));
    cells.push_back(NameCell(transition.client_id()));
    const bool of_state = transition.from_state() != transition.to_state();
    cells.emplace_back(ChangeText(transition, false),
                       of_state ? StateStyle(transition.to_state()) : HealthStyle(transition.to_health()));
    cells.emplace_back(CauseText(transition.cause()));
    if (wide_) {
      cells.emplace_back(absl::StrCat(transition.incarnation()));
      cells.emplace_back(absl::StrCat(transition.revision()));
      cells.emplace_back(transition.client().server_id());
    }
    cells.emplace_back(transition.evidence().summary());
    return cells;
  }

  const bool wide_;
  Terminal& terminal_;
  ListPrinter list_;
  std::uint64_t last_gap_ = 0;  // the last gap that was noted; 0: none
};

// Calls `on_page` for each page of what `settings` ask for, in `order`.
absl::Status EachPageOf(const Context& context, const TransitionsSettings& settings, const std::string& order,
                        const std::function<bool(const v1::ListTransitionsResponse&)>& on_page) {
  std::optional<common::WallTime> oldest;
  if (settings.since.has_value()) {
    oldest = common::SaturatingSub(context.api->ServerTime(context.terminal.clock.Wall()), *settings.since);
  }
  v1::ListTransitionsRequest request;
  request.set_filter(FilterOf(settings, oldest));
  request.set_order_by(order);
  return EachPage(*context.api, &Api::ListTransitions, std::move(request), settings.limit, on_page);
}

// Prints the latest transitions: reads backwards until there are enough, and prints forwards.
absl::Status PrintLatest(const Context& context, const TransitionsSettings& settings, Printer& printer) {
  std::vector<v1::Transition> latest;
  const auto is_enough = [&] { return static_cast<std::int64_t>(latest.size()) >= settings.limit; };
  const absl::Status status =
      EachPageOf(context, settings, "revision desc", [&](const v1::ListTransitionsResponse& page) {
        printer.NoteGaps(page);
        for (const v1::Transition& transition : page.transitions()) {
          if (is_enough()) return false;
          latest.push_back(transition);
        }
        return true;
      });
  if (!status.ok()) return status;
  std::for_each(latest.rbegin(), latest.rend(),
                [&](const v1::Transition& transition) { printer.Add(transition); });
  return absl::OkStatus();
}

// Prints all transitions, each page as it comes.
absl::Status PrintAll(const Context& context, const TransitionsSettings& settings, Printer& printer) {
  return EachPageOf(context, settings, "revision", [&](const v1::ListTransitionsResponse& page) {
    printer.NoteGaps(page);
    for (const v1::Transition& transition : page.transitions()) printer.Add(transition);
    printer.Flush();
    return true;
  });
}

}  // namespace

Verb AddTransitions(CLI::App& program, GlobalSettings& global) {
  const auto settings = std::make_shared<TransitionsSettings>();
  CLI::App& transitions = AddVerb(program, "transitions", "List what happened",
                                  "  livenessctl transitions --since=10m\n"
                                  "  livenessctl transitions web-1 --limit=20\n"
                                  "  livenessctl transitions --filter='to_state = DEAD'\n");
  transitions.add_option("NAME", settings->name, "Only this client's");
  AddFilter(transitions, settings->filter);
  transitions.add_option("--limit", settings->limit, "Only the latest so many; default 0: all")
      ->check(common::AnyCount());
  AddDuration(
      transitions, "--since", [settings = settings.get()](common::Duration d) { settings->since = d; },
      "Only what is not older than this");
  AddNull(transitions, global);
  return {&transitions, [settings](const GlobalSettings& /*global*/, const Words& words) {
            if (words.size() != 1 || !settings->name.empty()) return TakeNoWords(*settings, words);
            settings->name = words[0];
            return Taken(*settings);
          }};
}

ExitCode RunVerb(const TransitionsSettings& settings, Context& context) {
  Printer printer(context);
  const absl::Status status =
      settings.limit > 0 ? PrintLatest(context, settings, printer) : PrintAll(context, settings, printer);
  if (!status.ok()) return Fail(status, context);
  printer.Finish();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
