#include "client/src/load.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace liveness::internal {
namespace {

using common::Duration;

Duration ToDuration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

// Linux only; elsewhere the file is not there.
std::int64_t ResidentBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long long pages = 0;
  const int read = std::fscanf(file, "%*d %lld", &pages);
  std::fclose(file);
  return read == 1 ? pages * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

ProcessUsage ReadProcessUsage() {
  ProcessUsage usage;
  rusage kernels{};
  if (getrusage(RUSAGE_SELF, &kernels) == 0) {
    usage.cpu = ToDuration(kernels.ru_utime) + ToDuration(kernels.ru_stime);
  }
  usage.memory_bytes = ResidentBytes();
  return usage;
}

void LoadMeter::TimerWasLate(Duration lateness) { worst_delay_ = std::max(worst_delay_, lateness); }

std::optional<LoadReading> LoadMeter::Read(common::MonoTime now) {
  if (last_ && now - last_->time < kPeriod) return std::nullopt;
  LoadReading load;
  load.scheduling_delay = std::exchange(worst_delay_, Duration::zero());
  const ProcessUsage usage = about_us_ ? usage_() : ProcessUsage{};
  load.memory_bytes = usage.memory_bytes;
  if (last_) {
    const auto share = [](Duration part, Duration whole) {
      return static_cast<double>(part.count()) / static_cast<double>(whole.count());
    };
    load.cpu_usage = std::max(0.0, share(usage.cpu - last_->cpu, now - last_->time));
  }
  last_ = Mark{now, usage.cpu};
  return load;
}

}  // namespace liveness::internal
