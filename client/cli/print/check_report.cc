#include "client/cli/print/check_report.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/saturating.h"

namespace liveness::cli {
namespace {

std::string_view Word(CheckCode code) {
  switch (code) {
    case CheckCode::kOk: return "OK";
    case CheckCode::kWarning: return "WARNING";
    case CheckCode::kCritical: return "CRITICAL";
    case CheckCode::kUnknown: break;
  }
  return "UNKNOWN";
}

// Text from others, in one line: figures begin at the first bar of it.
std::string PluginText(std::string_view text) {
  const std::vector<std::string> lines = absl::StrSplit(std::string(text), '\n', absl::SkipWhitespace());
  std::string plain;
  for (const std::string& line : lines) {
    absl::StrAppend(&plain, plain.empty() ? "" : " ",
                    Printable(std::string(absl::StripAsciiWhitespace(line))));
  }
  std::replace(plain.begin(), plain.end(), '|', '/');
  return plain;
}

std::string Line(CheckCode code, std::string_view text) {
  return absl::StrCat("LIVENESS ", std::string(Word(code)), " - ", std::string(text));
}

// `'label'=value;warn;crit;min`: outside the ranges `warn` and `crit` the state is another.
std::string Figure(const char* label, std::int64_t value, const std::string& warn, const std::string& crit) {
  return absl::StrCat(" ", label, "=", value, ";", warn, ";", crit, ";0");
}

std::string AtLeast(const std::optional<std::int64_t>& limit) {
  return limit ? absl::StrCat(*limit, ":") : std::string();
}

std::string AtMost(const std::optional<std::int64_t>& limit) {
  return limit ? absl::StrCat(*limit) : std::string();
}

std::string Figures(const v1::StateCounts& counts, std::int64_t live, const CheckSettings& settings) {
  return absl::StrCat(" |", Figure("live", live, AtLeast(settings.warn_min), AtLeast(settings.min)),
                      Figure("alive", counts.alive(), AtMost(settings.warn_max), AtMost(settings.max)),
                      Figure("suspect", counts.suspect(), "", ""), Figure("dead", counts.dead(), "", ""),
                      Figure("left", counts.left(), "", ""), Figure("stalled", counts.stalled(), "", ""),
                      Figure("maintenance", counts.maintenance(), "", ""));
}

}  // namespace

CheckReport Judge(const v1::StateCounts& counts, std::int64_t live, const CheckSettings& settings) {
  const std::int64_t known = counts.alive() + counts.suspect() + counts.dead() + counts.left();
  if (known == 0) {
    return {.line = UnknownLine(settings.filter.empty()
                                    ? std::string("no client is known")
                                    : absl::StrCat("no client, in any state, matches ", settings.filter))};
  }
  const std::int64_t excused = live + counts.maintenance();
  const auto too_few = [&](const std::optional<std::int64_t>& limit) { return limit && excused < *limit; };
  const auto too_many = [&](const std::optional<std::int64_t>& limit) {
    return limit && counts.alive() > *limit;
  };
  CheckReport report{.code = CheckCode::kOk};
  if (too_few(settings.warn_min) || too_many(settings.warn_max)) report.code = CheckCode::kWarning;
  if (too_few(settings.min) || too_many(settings.max)) report.code = CheckCode::kCritical;
  const bool critical = report.code == CheckCode::kCritical;
  report.too_many = too_many(critical ? settings.max : settings.warn_max) &&
                    !too_few(critical ? settings.min : settings.warn_min);

  std::string text = absl::StrCat(live, " live");
  if (counts.maintenance() > 0) absl::StrAppend(&text, " and ", counts.maintenance(), " in maintenance");
  if (known != excused) absl::StrAppend(&text, " of ", known, " known");
  // Of two limits the one that is passed is told, or else the stricter.
  const auto& least = settings.warn_min && !too_few(settings.min) ? settings.warn_min : settings.min;
  const auto& most = settings.warn_max && !too_many(settings.max) ? settings.warn_max : settings.max;
  if (least) absl::StrAppend(&text, ", want at least ", *least);
  if (most && counts.alive() != live) absl::StrAppend(&text, ", ", counts.alive(), " alive");
  if (most) absl::StrAppend(&text, ", want at most ", *most);
  report.line = Line(report.code, text) + Figures(counts, live, settings);
  return report;
}

std::string UnknownLine(std::string_view why) { return Line(CheckCode::kUnknown, PluginText(why)); }

std::string CheckedClientLine(const v1::Client& client, common::WallTime now) {
  std::string text = absl::StrCat(DistinctName(client.client_id()), " ", StateText(client.state()));
  if (client.health() != v1::HEALTH_OK) absl::StrAppend(&text, " ", HealthText(client.health()));
  if (client.has_state_time()) {
    absl::StrAppend(&text, " for ",
                    common::FormatAge(common::SaturatingSub(now, FromProto(client.state_time()))));
  }
  if (!client.evidence().summary().empty()) absl::StrAppend(&text, ": ", client.evidence().summary());
  return PluginText(text);
}

}  // namespace liveness::cli
