// Where the canary's pings arrive: a method of our own, beside those of the
// contract, on the same listener, connections and completion queues.
//
// A stream of it tells the caller which queue it is on, once, and notes on that queue
// which of the pings has been heard (registry/records/queue_pulses.h). It is no heartbeat:
// the registry, the quotas and the counts know nothing of it.
//
// Only this process may call it: its calls bear a secret that is made anew at each
// start. For everybody else the method does not exist.
#pragma once

#include <string>
#include <string_view>

#include "common/clock.h"
#include "server/registry/records/queue_pulses.h"
#include "server/rpc/engine/engine.h"

namespace liveness::rpc {

inline constexpr std::string_view kCanaryService = "liveness.internal.Canary";
inline constexpr std::string_view kCanaryMethod = "Beat";
// The metadata that holds the secret.
inline constexpr char kCanarySecretKey[] = "x-liveness-canary";

// 32 random bytes in hexadecimal, fit for metadata.
std::string NewCanarySecret();

// Thread-safe. What it is given outlives it.
class CanaryService final : public AsyncService {
 public:
  CanaryService(std::string secret, const common::Clock& clock, registry::QueuePulses& pulses)
      : secret_(std::move(secret)), clock_(clock), pulses_(pulses) {}

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;

 private:
  const std::string secret_;
  const common::Clock& clock_;
  registry::QueuePulses& pulses_;
};

}  // namespace liveness::rpc
