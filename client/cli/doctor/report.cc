#include "client/cli/doctor/report.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/document/field_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/message.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/table.h"

namespace liveness::cli::doctor {
namespace {

constexpr std::size_t kLevelWidth = 10;
constexpr std::size_t kCheckWidth = 13;
constexpr std::size_t kWidth = 100;

std::string Padded(const std::string& text, std::size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 1, ' ');
}

// `text` broken between words, each line after the first indented to where the first begins.
std::string Wrapped(const std::string& text) {
  constexpr std::size_t kIndent = kLevelWidth + kCheckWidth;
  std::string result;
  std::size_t column = 0;
  for (const auto part : absl::StrSplit(text, ' ')) {
    const std::string word(part);
    const std::size_t width = DisplayWidth(word);
    if (column > 0 && kIndent + column + 1 + width > kWidth) {
      absl::StrAppend(&result, "\n", std::string(kIndent, ' '));
      column = 0;
    }
    absl::StrAppend(&result, column > 0 ? " " : "", word);
    column += width + (column > 0 ? 1 : 0);
  }
  return result;
}

std::string LevelWord(Level level) {
  switch (level) {
    case Level::kOk: return "ok";
    case Level::kWarning: return "WARNING";
    case Level::kProblem: return "PROBLEM";
  }
  return "";
}

Style LevelStyle(Level level) {
  switch (level) {
    case Level::kOk: return Style::kGood;
    case Level::kWarning: return Style::kWarning;
    case Level::kProblem: return Style::kBad;
  }
  return Style::kPlain;
}

std::int64_t CountOf(const std::vector<Finding>& findings, Level level) {
  return std::count_if(findings.begin(), findings.end(),
                       [level](const Finding& each) { return each.level == level; });
}

std::string ResultWord(const Facts& facts, const std::vector<Finding>& findings) {
  switch (ExitCodeOf(facts, findings)) {
    case ExitCode::kUnavailable: return "unreachable";
    case ExitCode::kError: return "problem";
    default: return CountOf(findings, Level::kWarning) > 0 ? "warning" : "ok";
  }
}

std::string Milliseconds(common::Duration span) {
  return absl::StrFormat("%.3f", std::chrono::duration<double, std::milli>(span).count());
}

std::string FiguresJson(const Facts& facts) {
  std::string json;
  const auto add = [&json](std::string_view name, const std::string& value) {
    absl::StrAppend(&json, json.empty() ? "" : ", ", "\"", std::string(name), "\": ", value);
  };
  for (const ConnectFacts& each : facts.connects) {
    if (each.outcome != ConnectFacts::Outcome::kConnected) continue;
    add("connect_ms", Milliseconds(each.took));
    break;
  }
  if (facts.heartbeat && facts.heartbeat->path.sent > 0) {
    const PathFigures& path = facts.heartbeat->path;
    add("pings", absl::StrCat(path.sent));
    add("pongs", absl::StrCat(path.answered));
    add("rtt_min_ms", Milliseconds(path.least));
    add("rtt_p50_ms", Milliseconds(path.p50));
    add("rtt_p90_ms", Milliseconds(path.p90));
    add("rtt_p99_ms", Milliseconds(path.p99));
    add("rtt_max_ms", Milliseconds(path.most));
    add("jitter_ms", Milliseconds(path.jitter));
    add("own_lateness_ms", Milliseconds(path.own_lateness));
    if (path.tcp) {
      add("tcp_segments_sent", absl::StrCat(path.tcp->sent_segments));
      add("tcp_segments_sent_again", absl::StrCat(path.tcp->resent_segments));
      add("tcp_rtt_ms", Milliseconds(path.tcp->rtt));
    }
    if (facts.heartbeat->clock_offset) add("clock_offset_ms", Milliseconds(*facts.heartbeat->clock_offset));
  }
  if (facts.quality && facts.quality->granted) {
    const v1::Welcome& granted = *facts.quality->granted;
    add("safe_interval_ms", Milliseconds(FromProto(granted.interval())));
    add("safe_timeout_ms", Milliseconds(FromProto(granted.timeout())));
    add("found_within_ms", Milliseconds(FromProto(granted.quality().found_within())));
  }
  return json;
}

}  // namespace

std::string ReportText(const Facts& facts, const std::vector<Finding>& findings, bool color) {
  std::string text;
  for (const Finding& each : findings) {
    const std::string word = LevelWord(each.level);
    absl::StrAppend(&text, Styled(word, LevelStyle(each.level), color),
                    std::string(kLevelWidth - word.size(), ' '), Padded(each.check, kCheckWidth),
                    Wrapped(each.seen), "\n");
    if (each.advice.empty()) continue;
    absl::StrAppend(&text, std::string(kLevelWidth + kCheckWidth, ' '), Wrapped(each.advice), "\n");
  }
  const std::int64_t problems = CountOf(findings, Level::kProblem),
                     warnings = CountOf(findings, Level::kWarning);
  absl::StrAppend(&text, "\n", facts.target, ": ",
                  problems == 0 ? std::string("no problem") : CountText(problems, "problem"), ", ",
                  warnings == 0 ? std::string("no warning") : CountText(warnings, "warning"), "\n");
  return text;
}

std::string ReportJson(const Facts& facts, const std::vector<Finding>& findings) {
  std::string json = absl::StrCat("{\n  \"target\": ", QuotedJson(facts.target), ",\n  \"result\": \"",
                                  ResultWord(facts, findings), "\",\n  \"findings\": [");
  bool is_first = true;
  for (const Finding& each : findings) {
    const std::string level = each.level == Level::kOk        ? "ok"
                              : each.level == Level::kWarning ? "warning"
                                                              : "problem";
    absl::StrAppend(&json, is_first ? "\n" : ",\n", "    {\"level\": \"", level,
                    "\", \"check\": ", QuotedJson(each.check), ", \"seen\": ", QuotedJson(each.seen));
    absl::StrAppend(&json, ", \"advice\": ", QuotedJson(each.advice), "}");
    is_first = false;
  }
  absl::StrAppend(&json, "\n  ],\n  \"figures\": {", FiguresJson(facts), "}\n}\n");
  return json;
}

}  // namespace liveness::cli::doctor
