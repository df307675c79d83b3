// What clients say, checked and turned into core values: hello, update, report, goodbye. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/map.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "server/core/detection/path_quality.h"
#include "server/core/record/record.h"
#include "server/core/record/resume_token.h"
#include "server/core/time/timing.h"
#include "server/registry/registry.h"

namespace liveness::rpc {

// All of the request but claim, keepalive, stream and what the connection shows
// (peer address, principal). INVALID_ARGUMENT BAD_HELLO that names every wrong field.
//
// With a quality in place of interval and timeout, ChooseTiming() has to be asked for these.
absl::StatusOr<registry::HelloRequest> ParseHello(const v1::Hello& hello, const core::Timing& preset,
                                                  const core::TimingBounds& bounds);

// Works out interval and timeout for the hello's quality, from what was measured of the client's `path`:
// FAILED_PRECONDITION QUALITY_UNREACHABLE if it cannot be had. The answer tells of that path: whoever it is
// given to must be known as the client's owner.
absl::Status ChooseTiming(const v1::Quality& quality, const core::PathEstimate& path,
                          const core::TimingBounds& bounds, registry::HelloRequest& request);

// Puts into `request` the session that an authentic resume token of this client names; a token of another
// store counts as none. PERMISSION_DENIED RESUME_TOKEN_FORGED, RESUME_TOKEN_OTHER_CLIENT.
absl::Status ClaimSession(const v1::Hello& hello, const core::ResumeTokens& resume_tokens,
                          common::WallTime now, registry::HelloRequest& request);

// Sorted by key. INVALID_ARGUMENT BAD_MESSAGE that names every wrong one.
absl::StatusOr<core::Labels> ParseUpdate(const v1::Update& update);

// What a ping says of the client's work.
struct PingReport {
  std::vector<core::Progress> progress;
  std::optional<core::Load> load;
};
// INVALID_ARGUMENT BAD_MESSAGE that names every wrong token.
absl::StatusOr<PingReport> ParseReport(const v1::Ping& ping);

// A reason that is too long is cut, and one with control characters left out:
// a leave must not turn into a death for its words.
registry::Goodbye ToGoodbye(const v1::Goodbye& goodbye);

}  // namespace liveness::rpc
