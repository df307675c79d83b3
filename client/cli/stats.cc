// `livenessctl stats`: how many clients are in which state, and how well the server detects.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/describe.h"
#include "client/cli/proto_output.h"
#include "client/cli/scorecard_text.h"
#include "client/cli/table.h"
#include "client/cli/verbs.h"

namespace liveness::cli {
namespace {

Cell Count(std::int64_t count, Style style) {
  return {absl::StrCat(count), count > 0 ? style : Style::kPlain};
}

std::int64_t Total(const v1::StateCounts& counts) {
  return counts.alive() + counts.suspect() + counts.dead() + counts.left();
}

// The columns that every row has.
void AddCounts(const v1::StateCounts& counts, std::vector<Cell>& cells) {
  cells.push_back(Count(counts.alive(), Style::kGood));
  cells.push_back(Count(counts.suspect(), Style::kWarning));
  cells.push_back(Count(counts.dead(), Style::kBad));
  cells.push_back(Count(counts.left(), Style::kFaint));
  cells.push_back(Count(counts.stalled(), Style::kWarning));
  cells.push_back(Count(counts.maintenance(), Style::kPlain));
  cells.push_back(Count(Total(counts), Style::kPlain));
}

// A group's row; `-` for what is not known of it.
std::vector<Cell> GroupRow(const std::string& name, const v1::StateCounts& counts, bool wide,
                           const std::string& mistakes = "-", const std::string& accuracy = "-") {
  std::vector<Cell> cells;
  cells.emplace_back(name);
  AddCounts(counts, cells);
  if (wide) {
    cells.emplace_back(mistakes);
    cells.emplace_back(accuracy);
  }
  return cells;
}

void PrintGroups(const v1::GetStatsResponse& stats, bool wide, Table& table) {
  std::int64_t mistakes = 0;
  for (const v1::GroupCounts& group : stats.groups()) {
    table.AddRow(GroupRow(group.value(), group.counts(), wide, absl::StrCat(group.mistake_count()),
                          AccuracyText(group.query_accuracy())));
    mistakes += group.mistake_count();
  }
  const bool is_complete = Total(stats.ungrouped()) == 0;
  if (!is_complete) table.AddRow(GroupRow("(others)", stats.ungrouped(), wide));
  table.AddRow(GroupRow("(all)", stats.counts(), wide, is_complete ? absl::StrCat(mistakes) : "-"));
}

void PrintTable(const v1::GetStatsResponse& stats, const std::string& by_label, const GlobalSettings& global,
                Terminal& terminal) {
  const bool grouped = !by_label.empty();
  const bool wide = global.output == OutputFormat::kWide;
  std::vector<std::string> headers = {"ALIVE", "SUSPECT", "DEAD", "LEFT", "STALLED", "MAINTENANCE", "TOTAL"};
  if (grouped) headers.insert(headers.begin(), absl::AsciiStrToUpper(by_label));
  if (grouped && wide) headers.insert(headers.end(), {"MISTAKES", "ACCURACY"});
  Table table(terminal.out, std::move(headers), {.headers = !global.no_headers, .color = terminal.color});
  if (grouped) {
    PrintGroups(stats, wide, table);
  } else {
    std::vector<Cell> cells;
    AddCounts(stats.counts(), cells);
    table.AddRow(std::move(cells));
  }
  table.Flush();
}

}  // namespace

ExitCode RunStats(Api& api, const GlobalSettings& global, const StatsSettings& settings, Terminal& terminal) {
  v1::GetStatsRequest request;
  request.set_filter(settings.filter);
  request.set_group_by_label(settings.by_label);
  const auto stats = api.GetStats(request);
  if (!stats.ok()) return Fail(stats.status(), api, terminal);
  if (global.output == OutputFormat::kJson) {
    terminal.out << ToJson(*stats) << '\n';
  } else if (global.output == OutputFormat::kYaml) {
    terminal.out << ToYaml(*stats);
  } else {
    PrintTable(*stats, settings.by_label, global, terminal);
    // -o table is the table alone, for those who cut it up.
    const bool wide = global.output == OutputFormat::kWide;
    if (wide || global.output == OutputFormat::kUnset) terminal.out << '\n' << DescribeScorecard(*stats);
    if (wide) {
      terminal.out << DescribeLine("Revision", absl::StrCat(stats->revision()))
                   << DescribeLine("Streams", absl::StrCat(stats->stream_count()))
                   << DescribeLine("Watchers", absl::StrCat(stats->watcher_count()))
                   << DescribeLine("Heartbeats", absl::StrCat(stats->heartbeat_count()));
    }
  }
  terminal.out.flush();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
