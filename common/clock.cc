#include "common/clock.h"

#include <time.h>

namespace liveness::common {
namespace {

Duration Read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

#ifdef CLOCK_BOOTTIME
constexpr clockid_t kBootClock = CLOCK_BOOTTIME;
#else
// macOS: CLOCK_MONOTONIC runs on while the machine sleeps.
constexpr clockid_t kBootClock = CLOCK_MONOTONIC;
#endif

class KernelClock final : public Clock {
 public:
  MonoTime Mono() const override { return MonoTime(Read(CLOCK_MONOTONIC)); }
  BootTime Boot() const override { return BootTime(Read(kBootClock)); }
  WallTime Wall() const override { return WallTime(Read(CLOCK_REALTIME)); }
};

}  // namespace

const Clock& SystemClock() {
  static const KernelClock clock;
  return clock;
}

}  // namespace liveness::common
