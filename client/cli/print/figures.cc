#include "client/cli/print/figures.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"

namespace liveness::cli {

std::string SizeText(std::int64_t bytes) {
  double value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 999.5) break;
    value /= 1024;
    unit = larger;
  }
  std::string text = absl::StrFormat("%.*f", value < 9.95 ? 1 : 0, value);
  if (text.size() > 2 && text.substr(text.size() - 2) == ".0") text.resize(text.size() - 2);
  return absl::StrCat(text, " ", unit);
}

std::string CountText(std::int64_t count, std::string_view one) {
  return absl::StrCat(count, " ", std::string(one), count == 1 ? "" : "s");
}

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

std::string ExactText(const google::protobuf::Duration& duration) {
  return common::FormatDuration(FromProto(duration));
}

std::string RoundedText(const google::protobuf::Duration& duration) {
  return common::FormatForPeople(FromProto(duration));
}

}  // namespace liveness::cli
