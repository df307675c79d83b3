// One Send() that is waited for. Header only.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "server/hooks/delivery.h"

namespace liveness::hooks {

inline std::future<Outcome> SendNow(Delivery& delivery, const HookConfig& hook, EventPtr event) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  delivery.Send(std::make_shared<const HookConfig>(hook), std::move(event),
                [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

// The outcome, within a span that is long for any test's receiver.
inline Outcome Sent(Delivery& delivery, const HookConfig& hook, EventPtr event = GapEvent("h", 1, 2)) {
  auto future = SendNow(delivery, hook, std::move(event));
  if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
    return {.result = Result::kCancelled, .error = "nobody called"};
  }
  return future.get();
}

}  // namespace liveness::hooks
