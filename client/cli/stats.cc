// `livenessctl stats`: how many clients are in which state.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/describe.h"
#include "client/cli/proto_output.h"
#include "client/cli/proto_text.h"
#include "client/cli/table.h"
#include "client/cli/verbs.h"
#include "common/duration_text.h"

namespace liveness::cli {
namespace {

Cell Count(std::int64_t count, Style style) {
  return {absl::StrCat(count), count > 0 ? style : Style::kPlain};
}

std::int64_t Total(const v1::StateCounts& counts) {
  return counts.alive() + counts.suspect() + counts.dead() + counts.left();
}

// A row, led by `group` if the counts are grouped.
std::vector<Cell> Row(const std::string* group, const v1::StateCounts& counts) {
  std::vector<Cell> cells;
  if (group != nullptr) cells.emplace_back(*group);
  cells.push_back(Count(counts.alive(), Style::kGood));
  cells.push_back(Count(counts.suspect(), Style::kWarning));
  cells.push_back(Count(counts.dead(), Style::kBad));
  cells.push_back(Count(counts.left(), Style::kFaint));
  cells.push_back(Count(counts.stalled(), Style::kWarning));
  cells.push_back(Count(counts.maintenance(), Style::kPlain));
  cells.push_back(Count(Total(counts), Style::kPlain));
  return cells;
}

void PrintTable(const v1::GetStatsResponse& stats, const std::string& by_label, const GlobalSettings& global,
                Terminal& terminal) {
  const bool grouped = !by_label.empty();
  std::vector<std::string> headers = {"ALIVE", "SUSPECT", "DEAD", "LEFT", "STALLED", "MAINTENANCE", "TOTAL"};
  if (grouped) headers.insert(headers.begin(), absl::AsciiStrToUpper(by_label));
  Table table(terminal.out, std::move(headers), {.headers = !global.no_headers, .color = terminal.color});
  if (grouped) {
    for (const v1::GroupCounts& group : stats.groups()) table.AddRow(Row(&group.value(), group.counts()));
    const std::string others = "(others)";
    if (Total(stats.ungrouped()) > 0) table.AddRow(Row(&others, stats.ungrouped()));
    const std::string all = "(all)";
    table.AddRow(Row(&all, stats.counts()));
  } else {
    table.AddRow(Row(nullptr, stats.counts()));
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
    if (global.output == OutputFormat::kWide) {
      terminal.out << '\n'
                   << DescribeLine("Revision", absl::StrCat(stats->revision()))
                   << DescribeLine("Streams", absl::StrCat(stats->stream_count()))
                   << DescribeLine("Watchers", absl::StrCat(stats->watcher_count()))
                   << DescribeLine("Heartbeats", absl::StrCat(stats->heartbeat_count()))
                   << DescribeLine("Refuted", absl::StrCat(stats->refuted_suspicion_count(), " suspicions"))
                   << DescribeLine("Mistaken", absl::StrCat(stats->mistaken_death_count(), " deaths"))
                   << DescribeLine("Credited", common::FormatForPeople(FromProto(stats->credited_time())));
    }
  }
  terminal.out.flush();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
