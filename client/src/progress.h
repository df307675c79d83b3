// The progress tokens of one client, and how old each is.
//
// A token holds its entry, the board only watches the entry: a token that is destroyed
// is gone, without a lock and without the board.
//
// Time here is the monotonic clock less the time in which the process stood still, so that
// a stopped process does not come back with stale tokens. The worker tells the board of such a time
// (StoodStill) before the next ping.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <liveness/progress.h>
#include <liveness/result.h>

#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::internal {

// Monotonic nanoseconds less those in which the process stood still.
struct RunningClock {
  explicit RunningClock(const common::Clock& monotonic) : clock(monotonic) {}

  const common::Clock& clock;
  std::atomic<std::int64_t> stood{0};

  std::int64_t Now() const {
    return clock.Mono().time_since_epoch().count() - stood.load(std::memory_order_relaxed);
  }
};

struct ProgressEntry {
  static constexpr std::int64_t kIdle = std::numeric_limits<std::int64_t>::max();

  ProgressEntry(std::string its_name, common::Duration its_deadline,
                std::shared_ptr<const RunningClock> its_clock)
      : name(std::move(its_name)), deadline(its_deadline), clock(std::move(its_clock)) {}

  const std::string name;
  const common::Duration deadline;
  const std::shared_ptr<const RunningClock> clock;
  std::atomic<std::int64_t> advanced{kIdle};  // on `clock`
};

// A token as a ping tells it.
struct ProgressReading {
  std::string name;
  common::Duration age{};  // zero while idle
  common::Duration deadline{};
  bool operator==(const ProgressReading&) const = default;
};

class ProgressBoard {
 public:
  // `clock` lives for ever.
  explicit ProgressBoard(const common::Clock& clock);

  // Returns a token that has just advanced. BAD_TOKEN: the name is no id or in use, the
  // deadline is not positive, or there are kMaxProgressTokens already.
  Result<ProgressToken> Add(std::string name, common::Duration deadline);

  // The whole process did not run for `span`.
  void StoodStill(common::Duration span);

  // In the order in which they were added.
  std::vector<ProgressReading> Read();

 private:
  const std::shared_ptr<RunningClock> clock_;
  common::Mutex mu_;
  std::vector<std::weak_ptr<ProgressEntry>> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::internal
