#include "client/cli/print/time_text.h"

#include <chrono>

#include "absl/time/time.h"
#include "common/duration_text.h"

namespace liveness::cli {

std::string TimeText(common::WallTime time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixNanos(time.time_since_epoch().count()),
                          absl::UTCTimeZone());
}

std::string SpanText(common::Duration span) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  if (span < milliseconds(1)) return "0s";
  if (span < seconds(1)) return common::FormatDuration(std::chrono::floor<milliseconds>(span));
  if (span < seconds(10)) return common::FormatDuration(std::chrono::floor<milliseconds>(span) / 100 * 100);
  return common::FormatAge(span);
}

}  // namespace liveness::cli
