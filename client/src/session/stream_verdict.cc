#include "client/src/session/stream_verdict.h"

#include <algorithm>

#include "common/backoff.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using Code = absl::StatusCode;
using common::Duration;

// In the order of docs/errors.md.
constexpr StreamVerdict kVerdicts[] = {
    {Code::kAborted, "SUPERSEDED", ComeBack::kNever, Soon::kNever},
    {Code::kAborted, "EVICTED", ComeBack::kNever, Soon::kNever},
    {Code::kCancelled, "STREAM_REPLACED", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kCancelled, "STALE_HELLO", ComeBack::kWithToken, Soon::kAtOnce},
    {Code::kDeadlineExceeded, "SILENT", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kDeadlineExceeded, "HELLO_TIMEOUT", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kFailedPrecondition, "HELLO_MISSING", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kFailedPrecondition, "HELLO_REPEATED", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kFailedPrecondition, "QUALITY_UNREACHABLE", ComeBack::kNeverUnlessKnown, Soon::kBackedOff},
    {Code::kInvalidArgument, "BAD_HELLO", ComeBack::kNeverHere, Soon::kNever},
    {Code::kInvalidArgument, "BAD_SEQUENCE", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kInvalidArgument, "BAD_MESSAGE", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kPermissionDenied, "RESUME_TOKEN_OTHER_CLIENT", ComeBack::kWithoutToken, Soon::kAtOnce},
    {Code::kPermissionDenied, "RESUME_TOKEN_FORGED", ComeBack::kWithoutToken, Soon::kAtOnce},
    {Code::kPermissionDenied, "PRINCIPAL_MISMATCH", ComeBack::kNeverUnlessKnown, Soon::kBackedOff},
    {Code::kResourceExhausted, "PING_FLOOD", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kResourceExhausted, "MESSAGE_TOO_LARGE", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kResourceExhausted, "TOO_MANY_CLIENTS", ComeBack::kWithToken, Soon::kAsTold},
    {Code::kResourceExhausted, "TOO_MANY_STREAMS", ComeBack::kWithToken, Soon::kAsTold},
    {Code::kResourceExhausted, "HELLO_RATE", ComeBack::kWithToken, Soon::kAsTold},
    {Code::kUnavailable, "DRAINING", ComeBack::kWithToken, Soon::kBackedOff},
    {Code::kUnavailable, "STORE_UNAVAILABLE", ComeBack::kWithToken, Soon::kAsTold},
    {Code::kUnimplemented, "SESSIONS_UNIMPLEMENTED", ComeBack::kWithToken, Soon::kBackedOff},
};

// However long a server asks a client to stay away, the client looks again after this.
constexpr Duration kMaxRetryDelay = 60s;
// The same where the server did not refuse for a quota: sooner, because a session may hang on the next
// attempt.
constexpr Duration kMaxOutageDelay = common::Backoff::Options{}.max;

}  // namespace

std::span<const StreamVerdict> StreamVerdicts() { return kVerdicts; }

const StreamVerdict& VerdictOn(const StreamEnd& end) {
  for (const StreamVerdict& row : kVerdicts) {
    if (row.code == end.code && row.reason == end.reason) return row;
  }
  return kAnyOtherEnd;
}

Duration RetryDelay(const StreamEnd& end) {
  const bool quota = end.code == Code::kResourceExhausted;
  return std::clamp<Duration>(end.retry_delay.value_or(0s), 0s, quota ? kMaxRetryDelay : kMaxOutageDelay);
}

Error Explain(const StreamEnd& end) {
  if (!end.reason.empty()) return {end.reason, end.message};
  switch (end.code) {
    case Code::kUnavailable:
    case Code::kUnknown:
    case Code::kCancelled:
    case Code::kDeadlineExceeded: return {"CONNECT_FAILED", end.message};
    default: return {"FOREIGN_REFUSAL", absl::StatusCodeToString(end.code) + ": " + end.message};
  }
}

}  // namespace liveness::internal
