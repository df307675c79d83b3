// `livenessctl stats`: how many clients are in which state, and how well the server detects.
#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/message.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/scorecard_text.h"
#include "client/cli/print/table.h"
#include "client/cli/verbs/verbs.h"

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

constexpr std::array kDetectionHeaders = {"DETECT-P50", "DETECT-P99", "DETECT-MAX",
                                          "MISTAKES",   "PER-DAY",    "ACCURACY"};

// The columns on how well a group's clients were judged.
void AddDetection(const v1::GroupCounts& group, std::vector<Cell>& cells) {
  const auto span = [&](const google::protobuf::Duration& duration) {
    return group.has_detection_time_max() ? RoundedText(duration) : std::string("-");
  };
  cells.emplace_back(span(group.detection_time_p50()));
  cells.emplace_back(span(group.detection_time_p99()));
  cells.emplace_back(span(group.detection_time_max()));
  cells.emplace_back(absl::StrCat(group.mistake_count()));
  cells.emplace_back(RateText(group.mistake_rate()));
  cells.emplace_back(AccuracyText(group.query_accuracy()));
}

// The same columns in a row that is about no group. Of such a row only the mistakes may be known.
void AddNoDetection(const std::string& mistakes, std::vector<Cell>& cells) {
  for (const char* header : kDetectionHeaders) {
    cells.emplace_back(std::string_view(header) == "MISTAKES" ? mistakes : std::string("-"));
  }
}

void PrintGroups(const v1::GetStatsResponse& stats, bool wide, Table& table) {
  std::int64_t mistakes = 0;
  for (const v1::GroupCounts& group : stats.groups()) {
    std::vector<Cell> cells = {group.value()};
    AddCounts(group.counts(), cells);
    if (wide) AddDetection(group, cells);
    table.AddRow(std::move(cells));
    mistakes += group.mistake_count();
  }
  const bool is_complete = Total(stats.ungrouped()) == 0;
  const auto add_sum = [&](const char* name, const v1::StateCounts& counts, const std::string& sum) {
    std::vector<Cell> cells = {name};
    AddCounts(counts, cells);
    if (wide) AddNoDetection(sum, cells);
    table.AddRow(std::move(cells));
  };
  if (!is_complete) add_sum("(others)", stats.ungrouped(), "-");
  add_sum("(all)", stats.counts(), is_complete ? absl::StrCat(mistakes) : "-");
}

void PrintTable(const v1::GetStatsResponse& stats, const std::string& by_label, const GlobalSettings& global,
                Terminal& terminal) {
  const bool grouped = !by_label.empty();
  const bool wide = global.output == OutputFormat::kWide;
  std::vector<std::string> headers = {"ALIVE", "SUSPECT", "DEAD", "LEFT", "STALLED", "MAINTENANCE", "TOTAL"};
  if (grouped) headers.insert(headers.begin(), absl::AsciiStrToUpper(by_label));
  if (grouped && wide) headers.insert(headers.end(), kDetectionHeaders.begin(), kDetectionHeaders.end());
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

// The last columns of the wide table, as a table of their own.
void PrintDetection(const v1::GetStatsResponse& stats, const std::string& by_label,
                    const GlobalSettings& global, Terminal& terminal) {
  std::vector<std::string> headers = {absl::AsciiStrToUpper(by_label)};
  headers.insert(headers.end(), kDetectionHeaders.begin(), kDetectionHeaders.end());
  Table table(terminal.out, std::move(headers), {.headers = !global.no_headers, .color = terminal.color});
  for (const v1::GroupCounts& group : stats.groups()) {
    std::vector<Cell> cells = {group.value()};
    AddDetection(group, cells);
    table.AddRow(std::move(cells));
  }
  terminal.out << '\n';
  table.Flush();
}

}  // namespace

Verb AddStats(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<StatsSettings>();
  CLI::App& stats = AddVerb(program, "stats", "Count clients by state, and say how well the server detects",
                            "  livenessctl stats\n  livenessctl stats --by-label=zone\n");
  AddFilter(stats, settings->filter);
  stats.add_option("--by-label,--group-by", settings->by_label, "Also per value of this label")
      ->type_name("KEY");
  return {&stats, [settings](const GlobalSettings& /*global*/, const Words& words) {
            return TakeNoWords(*settings, words);
          }};
}

ExitCode RunVerb(const StatsSettings& settings, Context& context) {
  const GlobalSettings& global = context.global;
  Terminal& terminal = context.terminal;
  v1::GetStatsRequest request;
  request.set_filter(settings.filter);
  request.set_group_by_label(settings.by_label);
  const auto stats = context.api->GetStats(request);
  if (!stats.ok()) return Fail(stats.status(), context);
  if (!PrintMessage(*stats, global.output, terminal.out)) {
    PrintTable(*stats, settings.by_label, global, terminal);
    // -o table is the table alone, for programs that cut it up.
    const bool wide = global.output == OutputFormat::kWide;
    const bool for_people = global.output == OutputFormat::kUnset;
    if (for_people && !settings.by_label.empty()) PrintDetection(*stats, settings.by_label, global, terminal);
    // Whoever does not see every client is not told of all of them.
    const bool tells_all = stats->has_scorecard();
    if (tells_all && (wide || for_people)) terminal.out << '\n' << DescribeScorecard(*stats);
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
