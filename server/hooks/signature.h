// Who sent an event, and that nobody changed it: the signature of Standard Webhooks, HMAC-SHA256 in symmetric
// form. See https://www.standardwebhooks.com.
//
// Pure, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "server/hooks/secret.h"

namespace liveness::hooks {

struct SignatureHeaders {
  std::string id;         // webhook-id
  std::string timestamp;  // webhook-timestamp: seconds since 1970, of this attempt
  std::string signature;  // webhook-signature: `v1,BASE64` for each secret; empty without one
};

// While keys are changed there are several: the receiver takes what one of them signed.
SignatureHeaders Sign(std::span<const Secret> secrets, std::string_view id, common::WallTime now,
                      std::string_view body);

}  // namespace liveness::hooks
