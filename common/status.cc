#include "common/status.h"

#include <charconv>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace liveness::common {
namespace {

constexpr char kReason[] = "liveness/reason";
constexpr char kViolations[] = "liveness/violations";
constexpr char kRetryDelay[] = "liveness/retry_delay_ns";

// Neither byte occurs in a field's path or in one of our descriptions.
constexpr char kFieldEnd = '\x1f';
constexpr char kRecordEnd = '\x1e';

// Debian's Abseil has a string_view of its own that std::string_view does not convert to.
absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message) {
  absl::Status status(code, ToAbsl(message));
  status.SetPayload(kReason, absl::Cord(ToAbsl(reason)));
  return status;
}

absl::Status BadFields(std::string_view reason, const std::vector<FieldViolation>& violations) {
  std::string message;
  std::string packed;
  for (const FieldViolation& violation : violations) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", violation.field, " ", violation.description);
    absl::StrAppend(&packed, violation.field, std::string(1, kFieldEnd), violation.description,
                    std::string(1, kRecordEnd));
  }
  absl::Status status = Error(absl::StatusCode::kInvalidArgument, reason, message);
  status.SetPayload(kViolations, absl::Cord(packed));
  return status;
}

absl::Status WithRetryDelay(absl::Status status, Duration delay) {
  status.SetPayload(kRetryDelay, absl::Cord(absl::StrCat(delay.count())));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReason);
  return payload ? std::string(*payload) : std::string();
}

std::vector<FieldViolation> ViolationsOf(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  const auto payload = status.GetPayload(kViolations);
  if (!payload) return violations;
  const std::string packed(*payload);
  for (absl::string_view record : absl::StrSplit(packed, kRecordEnd, absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(record, absl::MaxSplits(kFieldEnd, 1));
    violations.push_back({parts.first, parts.second});
  }
  return violations;
}

std::optional<Duration> RetryDelayOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryDelay);
  if (!payload) return std::nullopt;
  const std::string text(*payload);
  std::int64_t nanoseconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
  return Duration(nanoseconds);
}

}  // namespace liveness::common
