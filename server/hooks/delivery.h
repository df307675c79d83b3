// Brings one event to one receiver, once: no retry, no queue. Of each hook one event is on its way at a time.
//
// Thread-safe. Send() and Cancel() return at once. `done` is called exactly once for each Send(), from a
// thread of the delivery's own, with no lock held; it must not block, and may call Send().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/clock.h"
#include "server/hooks/event.h"
#include "server/hooks/hook_config.h"

namespace liveness::hooks {

enum class Result : std::uint8_t {
  kTaken,      // the receiver has it
  kFailed,     // it does not, or nobody knows: to be tried again
  kGone,       // it answered that it wants no more (410): to be tried again, slowly
  kMisplaced,  // the configuration is wrong (redirect, address that is not allowed, no such program): slowly
  kCancelled,  // Cancel() or Stop() came first; nobody knows whether the receiver has it
};

struct Outcome {
  Result result = Result::kTaken;
  // What happened: one line, bounded, without secrets. Empty if taken. A receiver's own words may be in it:
  // whoever shows it escapes it.
  std::string error = {};
  // The receiver asked for this much time.
  std::optional<common::Duration> retry_after = {};
};

class Delivery {
 public:
  using Done = std::function<void(Outcome)>;
  virtual ~Delivery() = default;

  // REQUIRES: `done` of the last Send() for a hook of that name was called. After Stop(), `done` is called
  // with kCancelled before this returns.
  virtual void Send(HookConfigPtr hook, EventPtr event, Done done) = 0;
  // Ends what is on its way for the hook of that name; no-op if there is nothing.
  virtual void Cancel(const std::string& name) = 0;
  // Ends all, and waits until each `done` was called. Not from `done`.
  virtual void Stop() = 0;
};

}  // namespace liveness::hooks
