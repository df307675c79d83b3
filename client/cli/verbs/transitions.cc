// `livenessctl transitions [NAME]`: what happened, in the order in which it did.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/print/message_writer.h"
#include "client/cli/print/name_line.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/table.h"
#include "client/cli/print/time_text.h"
#include "client/cli/print/watch_printer.h"
#include "client/cli/verbs/verbs.h"
#include "common/limits.h"

namespace liveness::cli {
namespace {

std::string FilterOf(const TransitionsSettings& settings) {
  if (settings.name.empty()) return settings.filter;
  const std::string by_name = "client_id = " + FilterString(ClientId(settings.name));
  return settings.filter.empty() ? by_name : absl::StrCat(by_name, " AND (", settings.filter, ")");
}

// Calls `on_page` for each page in `order` until the last, an error, or false.
absl::Status EachPage(Api& api, const std::string& filter, const std::string& order, std::int64_t limit,
                      const std::function<bool(const v1::ListTransitionsResponse&)>& on_page) {
  v1::ListTransitionsRequest request;
  request.set_filter(filter);
  request.set_order_by(order);
  request.set_page_size(limit > 0 && limit < common::kMaxPageSize ? static_cast<int>(limit)
                                                                  : common::kMaxPageSize);
  do {
    const auto page = api.ListTransitions(request);
    if (!page.ok()) return page.status();
    if (!on_page(*page)) break;
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

// Where rows go, in any format.
class Printer {
 public:
  Printer(const GlobalSettings& global, Terminal& terminal)
      : global_(global),
        output_(global.output),
        terminal_(terminal),
        list_(terminal.out, "transitions", output_ == OutputFormat::kYaml),
        table_(terminal.out, Headers(output_ == OutputFormat::kWide),
               {.headers = !global.no_headers, .color = terminal.color}) {}

  void Add(const v1::Transition& transition) {
    empty_ = false;
    if (IsDocument()) {
      list_.Add(transition);
    } else if (output_ == OutputFormat::kName) {
      PrintName(ClientName(transition.client_id()), global_, terminal_);
    } else {
      AddRow(transition);
    }
  }

  // Once, however many pages say so.
  void NoteGaps(const v1::ListTransitionsResponse& page) {
    for (const v1::Gap& gap : page.gaps()) {
      if (gap.resumes_at_revision() == last_gap_) continue;
      last_gap_ = gap.resumes_at_revision();
      terminal_.err << absl::StrCat("History is not complete between revisions ", gap.after_revision(),
                                    " and ", gap.resumes_at_revision(), ".\n");
    }
  }

  void Flush() {
    if (!IsDocument() && output_ != OutputFormat::kName && !empty_) table_.Flush();
  }

  void Finish() {
    if (IsDocument()) return list_.Finish();
    Flush();
    if (empty_ && output_ != OutputFormat::kName) terminal_.err << "No transitions match.\n";
  }

 private:
  static std::vector<std::string> Headers(bool wide) {
    if (wide) return {"TIME", "NAME", "CHANGE", "CAUSE", "INCARNATION", "REVISION", "SERVER", "EVIDENCE"};
    return {"TIME", "NAME", "CHANGE", "CAUSE", "EVIDENCE"};
  }

  bool IsDocument() const { return output_ == OutputFormat::kJson || output_ == OutputFormat::kYaml; }

  void AddRow(const v1::Transition& transition) {
    std::vector<Cell> cells;
    cells.emplace_back(TimeText(FromProto(transition.time())));
    cells.push_back(NameCell(transition.client_id()));
    const bool of_state = transition.from_state() != transition.to_state();
    cells.emplace_back(ChangeText(transition, false),
                       of_state ? StateStyle(transition.to_state()) : HealthStyle(transition.to_health()));
    cells.emplace_back(CauseText(transition.cause()));
    if (output_ == OutputFormat::kWide) {
      cells.emplace_back(absl::StrCat(transition.incarnation()));
      cells.emplace_back(absl::StrCat(transition.revision()));
      cells.emplace_back(transition.client().server_id());
    }
    cells.emplace_back(transition.evidence().summary());
    table_.AddRow(std::move(cells));
  }

  const GlobalSettings& global_;
  const OutputFormat output_;
  Terminal& terminal_;
  MessageWriter list_;
  Table table_;
  bool empty_ = true;
  std::uint64_t last_gap_ = 0;  // that was noted; 0: none
};

// Read backwards, the latest first, until there are enough; told forwards.
absl::Status PrintLatest(Api& api, const TransitionsSettings& settings, Terminal& terminal,
                         Printer& printer) {
  std::optional<common::WallTime> oldest;
  if (settings.since.has_value()) oldest = api.ServerTime(terminal.clock.Wall()) - *settings.since;
  std::vector<v1::Transition> latest;
  const absl::Status status = EachPage(
      api, FilterOf(settings), "revision desc", settings.limit, [&](const v1::ListTransitionsResponse& page) {
        printer.NoteGaps(page);
        for (const v1::Transition& transition : page.transitions()) {
          if (oldest.has_value() && FromProto(transition.time()) < *oldest) return false;
          latest.push_back(transition);
          if (settings.limit > 0 && static_cast<std::int64_t>(latest.size()) >= settings.limit) return false;
        }
        return true;
      });
  if (!status.ok()) return status;
  std::for_each(latest.rbegin(), latest.rend(),
                [&](const v1::Transition& transition) { printer.Add(transition); });
  return absl::OkStatus();
}

}  // namespace

ExitCode RunTransitions(Api& api, const GlobalSettings& global, const TransitionsSettings& settings,
                        Terminal& terminal) {
  Printer printer(global, terminal);
  const absl::Status status =
      settings.limit > 0 || settings.since.has_value()
          ? PrintLatest(api, settings, terminal, printer)
          : EachPage(api, FilterOf(settings), "revision", 0, [&](const v1::ListTransitionsResponse& page) {
              printer.NoteGaps(page);
              for (const v1::Transition& transition : page.transitions()) printer.Add(transition);
              printer.Flush();
              return true;
            });
  if (!status.ok()) return Fail(status, api, terminal);
  printer.Finish();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
