// How a hook does, for `server info` and metrics. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/clock.h"
#include "server/hooks/delivery.h"

namespace liveness::hooks {

struct HookState {
  std::string name;
  std::string receiver;  // as it may be shown: its url (ShownUrl), or its program

  // Attempts since the start, by result. kCancelled is none.
  std::uint64_t taken = 0, failed = 0, gone = 0, misplaced = 0;
  // Events since the start: not taken within `retry-for`; of clients in maintenance, not sent; gaps that were
  // told.
  std::uint64_t given_up = 0, silenced = 0, gaps = 0;

  bool leads = true;                       // this server sends; with a shared store one does
  bool in_flight = false;                  // an attempt goes on
  std::uint64_t revision = 0;              // all up to it was taken, given up or not wanted
  std::uint64_t behind = 0;                // transitions since it was last up to date, or began here
  std::optional<common::WallTime> oldest;  // when the event that waits now happened; nothing: none waits

  int failures = 0;        // attempts of that event that failed
  std::string last_error;  // of them; empty: none
  std::optional<common::WallTime> next_try;

  void Count(Result result) {
    taken += result == Result::kTaken;
    failed += result == Result::kFailed;
    gone += result == Result::kGone;
    misplaced += result == Result::kMisplaced;
  }
};

}  // namespace liveness::hooks
