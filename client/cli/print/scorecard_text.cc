#include "client/cli/print/scorecard_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"

namespace liveness::cli {
namespace {

std::string DetectionTimes(const v1::Scorecard& card) {
  if (!card.has_detection_time_max()) return "no death found yet";
  return absl::StrCat("p50 ", RoundedText(card.detection_time_p50()), ", p99 ",
                      RoundedText(card.detection_time_p99()), ", max ",
                      RoundedText(card.detection_time_max()), " from the last sign of life to SUSPECT");
}

std::string Refuted(const v1::Scorecard& card) {
  std::string text = CountText(card.refuted_suspicion_count(), "suspicion");
  if (card.refuted_suspicion_count() > 0) {
    absl::StrAppend(&text, ", wrong for ", RoundedText(card.refuted_time()), " in all, the longest for ",
                    RoundedText(card.longest_refuted_time()));
  }
  return text;
}

std::string Mistaken(const v1::Scorecard& card) {
  std::string text = CountText(card.mistaken_death_count(), "death");
  if (card.mistaken_death_count() > 0) {
    absl::StrAppend(&text, ", wrong for ", RoundedText(card.mistaken_time()), " in all");
  }
  return text;
}

std::string MassFailures(const v1::GetStatsResponse& stats) {
  return absl::StrCat(stats.group_event_count(), " told; the server doubted itself ",
                      CountText(stats.doubt_count(), "time"), " and held back ",
                      CountText(stats.held_death_count(), "death"));
}

std::string Credited(const v1::GetStatsResponse& stats) {
  return absl::StrCat(RoundedText(stats.credited_time()), " for ", CountText(stats.stall_count(), "stall"),
                      " of the server, ", CountText(stats.unread_credit_count(), "suspicion"),
                      " put off for unread bytes");
}

std::string Canary(const v1::GetStatsResponse& stats) {
  return absl::StrCat(RoundedText(stats.canary_credited_time()), " of it on the canary's word, ",
                      CountText(stats.canary_doubt_count(), "doubt"), " in ",
                      CountText(stats.canary_episode_count(), "episode"),
                      stats.in_doubt() ? ", in doubt now" : "");
}

std::string Slept(const v1::GetStatsResponse& stats) {
  std::string text = CountText(stats.suspend_count(), "sleep");
  if (stats.suspend_count() > 0) {
    absl::StrAppend(&text, " of the machine, ", RoundedText(stats.suspended_time()), " in all, ",
                    RoundedText(stats.settling_time()), " credited after");
  }
  return text;
}

}  // namespace

std::string RateText(double rate) {
  // Three digits, and never a power of ten, because a young server extrapolates to thousands a day.
  return absl::StrFormat("%.*g", rate < 1000 ? 3 : 15, rate < 1000 ? rate : std::round(rate));
}

std::string AccuracyText(double share) {
  if (std::isnan(share)) return "unknown";  // a server may say anything
  // A smaller share is what double arithmetic leaves over, and no mistake.
  constexpr double kNothing = 1e-11;
  const double wrong = (1 - std::clamp(share, 0.0, 1.0)) * 100;
  if (wrong < kNothing) return "100%";
  // As many decimals as show two digits of `wrong`, so that rounding never makes it 100.
  const int decimals = std::max(0, 1 - static_cast<int>(std::floor(std::log10(wrong))));
  std::string text = absl::StrFormat("%.*f", decimals, 100 - wrong);
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text + "%";
}

std::string DescribeScorecard(const v1::GetStatsResponse& stats) {
  const v1::Scorecard& card = stats.scorecard();
  return absl::StrCat("Detection since the server started, of all clients:\n",
                      DescribeLine("  Suspicions", absl::StrCat(card.suspicion_count())),
                      DescribeLine("  Deaths found", absl::StrCat(card.death_count())),
                      DescribeLine("  Detection time", DetectionTimes(card)),
                      DescribeLine("  Refuted", Refuted(card)), DescribeLine("  Mistaken", Mistaken(card)),
                      DescribeLine("  Mistake rate", RateText(card.mistake_rate()) + " per client and day"),
                      DescribeLine("  Query accuracy", AccuracyText(card.query_accuracy())),
                      DescribeLine("  Credited", Credited(stats)), DescribeLine("  Canary", Canary(stats)),
                      DescribeLine("  Suspended", Slept(stats)),
                      DescribeLine("  Mass failures", MassFailures(stats)));
}

}  // namespace liveness::cli
