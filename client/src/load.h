// How busy this process is, told with a ping every few seconds, so that the registry can show the last
// minute of a process that has died.
//
// Not thread-safe: the worker's thread owns it.
#pragma once

#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace liveness::internal {

// Zero: not known.
struct LoadReading {
  common::Duration scheduling_delay{};
  double cpu_usage = 0;
  std::int64_t memory_bytes = 0;
};

// What the kernel says of this process so far.
struct ProcessUsage {
  common::Duration cpu{};  // of all threads
  std::int64_t memory_bytes = 0;
};
// Zero where it cannot be had.
ProcessUsage ReadProcessUsage();

class LoadMeter {
 public:
  static constexpr common::Duration kPeriod = std::chrono::seconds(5);

  // `about_us` false: the client speaks for another process, and the use of
  // processor and memory is left out. `usage` stands for ReadProcessUsage in tests.
  explicit LoadMeter(bool about_us, ProcessUsage (*usage)() = ReadProcessUsage)
      : about_us_(about_us), usage_(usage) {}

  // A timer of the worker fired this late.
  void TimerWasLate(common::Duration lateness);

  // The load since the last reading that was handed out; nothing within kPeriod of that reading.
  // The first reading, at once, says nothing of the processor.
  std::optional<LoadReading> Read(common::MonoTime now);

 private:
  struct Mark {
    common::MonoTime time;
    common::Duration cpu;
  };
  const bool about_us_;
  ProcessUsage (*const usage_)();
  std::optional<Mark> last_;
  common::Duration worst_delay_{};
};

}  // namespace liveness::internal
