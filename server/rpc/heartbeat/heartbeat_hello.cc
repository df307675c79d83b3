#include "server/rpc/heartbeat/heartbeat_hello.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/status.h"
#include "common/utf8.h"
#include "common/validation.h"
#include "server/core/detection/accrual.h"
#include "server/core/detection/quality.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {
namespace {

using Violations = std::vector<common::FieldViolation>;

core::QualityRequest ToQuality(const v1::Quality& quality) {
  return {FromProto(quality.found_within()), FromProto(quality.mistake_recurrence())};
}

void CheckDetection(const v1::Hello& hello, Violations& violations) {
  const double threshold = hello.detection().threshold();
  const bool in_bounds =
      threshold >= common::kMinSuspicionThreshold && threshold <= common::kMaxSuspicionThreshold;
  if (threshold != 0 && !in_bounds) {
    violations.push_back(
        {"hello.detection.threshold", absl::StrCat("is not between ", common::kMinSuspicionThreshold, " and ",
                                                   common::kMaxSuspicionThreshold)});
  }
  if (!hello.has_quality()) return;
  core::CheckQuality(ToQuality(hello.quality()), violations);
  if (hello.has_interval() || hello.has_timeout()) {
    violations.push_back({"hello.quality", "stands in place of `interval` and `timeout`, not beside them"});
  }
}

core::Labels ToLabels(const google::protobuf::Map<std::string, std::string>& map) {
  core::Labels labels(map.begin(), map.end());
  std::sort(labels.begin(), labels.end());
  return labels;
}

}  // namespace

absl::StatusOr<registry::HelloRequest> ParseHello(const v1::Hello& hello, const core::Timing& preset,
                                                  const core::TimingBounds& bounds) {
  Violations violations;
  common::CheckId("hello.client_id", hello.client_id(), &violations);
  common::CheckId("hello.instance_id", hello.instance_id(), &violations);
  common::CheckLabels("hello.labels", hello.labels(), &violations);
  common::CheckText("hello.host", hello.host(), common::kMaxHostBytes, &violations);
  common::CheckText("hello.version", hello.version(), common::kMaxVersionBytes, &violations);
  common::CheckText("hello.local_address", hello.local_address(), common::kMaxAddressBytes, &violations);
  common::CheckMultilineText("hello.last_will", hello.last_will(), common::kMaxLastWillBytes, &violations);
  if (hello.resume_token().size() > common::kMaxResumeTokenBytes) {
    violations.push_back(
        {"hello.resume_token", absl::StrCat("is longer than ", common::kMaxResumeTokenBytes, " bytes")});
  }
  if (hello.pid() < 0) violations.push_back({"hello.pid", "is negative"});

  CheckDetection(hello, violations);
  core::TimingRequest wanted;
  if (hello.has_interval()) wanted.interval = FromProto(hello.interval());
  if (hello.has_timeout()) wanted.timeout = FromProto(hello.timeout());
  const core::Timing timing = core::NegotiateTiming(wanted, preset, bounds, violations);
  if (!violations.empty()) return common::BadFields("BAD_HELLO", violations);

  registry::HelloRequest request;
  request.info.client_id = hello.client_id();
  request.info.instance_id = hello.instance_id();
  request.info.labels = ToLabels(hello.labels());
  request.info.local_address = hello.local_address();
  request.info.host = hello.host();
  request.info.version = hello.version();
  request.info.last_will = hello.last_will();
  request.info.pid = hello.pid();
  request.info.attempt = hello.attempt();
  request.interval = timing.interval;
  request.timeout = timing.timeout;
  request.beside = hello.beside();
  if (hello.detection().method() == v1::DETECTION_METHOD_ACCRUAL) {
    const double threshold = hello.detection().threshold();
    request.accrual_threshold = threshold == 0 ? core::AccrualDetector::kDefaultThreshold : threshold;
  }
  return request;
}

absl::Status ChooseTiming(const v1::Quality& quality, const core::PathEstimate& path,
                          const core::TimingBounds& bounds, registry::HelloRequest& request) {
  const auto solution = core::SolveQuality(ToQuality(quality), path, bounds);
  if (!solution.ok()) return solution.status();
  request.interval = solution->timing.interval;
  request.timeout = solution->timing.timeout;
  request.quality = *solution;
  return absl::OkStatus();
}

absl::Status ClaimSession(const v1::Hello& hello, const core::ResumeTokens& resume_tokens,
                          common::WallTime now, registry::HelloRequest& request) {
  if (hello.resume_token().empty()) return absl::OkStatus();
  const core::ResumeOutcome outcome =
      resume_tokens.Verify(hello.resume_token(), hello.client_id(), hello.instance_id(), now);
  switch (outcome.verdict) {
    case core::ResumeVerdict::kValid: request.resume_incarnation = outcome.claim.incarnation; break;
    case core::ResumeVerdict::kForeignKey: break;
    case core::ResumeVerdict::kForged:
      return common::Error(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_FORGED",
                           "this server's store never issued the resume token");
    case core::ResumeVerdict::kOtherClient:
      return common::Error(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_OTHER_CLIENT",
                           "the resume token is another client's");
  }
  return absl::OkStatus();
}

absl::StatusOr<core::Labels> ParseUpdate(const v1::Update& update) {
  Violations violations;
  common::CheckLabels("update.labels", update.labels(), &violations);
  if (!violations.empty()) return common::BadFields("BAD_MESSAGE", violations);
  return ToLabels(update.labels());
}

absl::StatusOr<PingReport> ParseReport(const v1::Ping& ping) {
  Violations violations;
  PingReport report;
  std::vector<core::Progress>& progress = report.progress;
  if (static_cast<std::size_t>(ping.progress_size()) > common::kMaxProgressTokens) {
    violations.push_back(
        {"ping.progress", absl::StrCat("has more than ", common::kMaxProgressTokens, " tokens")});
  }
  for (const v1::Progress& token : ping.progress()) {
    if (!violations.empty()) break;
    const std::string field = absl::StrCat("ping.progress[", progress.size(), "]");
    common::CheckId(field + ".name", token.name(), &violations);
    progress.push_back({token.name(), FromProto(token.age()), FromProto(token.deadline())});
    if (progress.back().age < core::Duration::zero()) violations.push_back({field + ".age", "is negative"});
    if (progress.back().deadline < core::Duration::zero()) {
      violations.push_back({field + ".deadline", "is negative"});
    }
  }
  if (!violations.empty()) return common::BadFields("BAD_MESSAGE", violations);
  if (ping.has_load()) {
    report.load = core::Load{FromProto(ping.load().scheduling_delay()), ping.load().cpu_usage(),
                             ping.load().memory_bytes()};
  }
  return report;
}

registry::Goodbye ToGoodbye(const v1::Goodbye& goodbye) {
  registry::Goodbye result;
  result.reason = goodbye.reason().substr(0, common::kMaxReasonBytes);
  // Cut within a character: shorten to the last whole one.
  while (!result.reason.empty() && !common::IsValidUtf8(result.reason)) result.reason.pop_back();
  if (common::HasControlCharacter(result.reason)) result.reason.clear();
  if (goodbye.has_exit_code()) result.exit_code = goodbye.exit_code();
  if (goodbye.has_signal()) result.signal = goodbye.signal();
  return result;
}

}  // namespace liveness::rpc
