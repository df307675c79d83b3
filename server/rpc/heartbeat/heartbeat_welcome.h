// The answer to a hello. Pure, thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "liveness/v1/heartbeat_service.pb.h"
#include "server/core/detection/quality.h"
#include "server/core/record/record.h"
#include "server/core/record/resume_token.h"
#include "server/registry/registry.h"

namespace liveness::rpc {

// What a hello came to, as far as its welcome tells it.
struct WelcomeTerms {
  std::string client_id;
  std::string instance_id;
  core::Duration interval{};  // as negotiated, like the next
  core::Duration timeout{};
  std::shared_ptr<const core::Keepalive> keepalive;  // may be null
  std::optional<double> accrual_threshold;
  std::optional<core::QualitySolution> quality;
};

WelcomeTerms TermsOf(const registry::HelloRequest& hello);

// With a new resume token.
v1::HeartbeatResponse MakeWelcome(const WelcomeTerms& terms, const registry::Attached& attached,
                                  std::string_view server_id, const core::ResumeTokens& resume_tokens,
                                  common::WallTime now);

}  // namespace liveness::rpc
