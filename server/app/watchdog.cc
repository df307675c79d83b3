#include "server/app/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/numbers.h"
#include "common/thread_name.h"
#include "server/app/sd_notify.h"

namespace liveness::app {

std::optional<common::Duration> WatchdogPeriod() {
  const char* const usec = std::getenv("WATCHDOG_USEC");
  const char* const pid = std::getenv("WATCHDOG_PID");
  std::int64_t number = 0;
  if (usec == nullptr || !absl::SimpleAtoi(usec, &number) || number <= 0) return std::nullopt;
  if (number > std::chrono::microseconds(std::chrono::hours(24)).count()) return std::nullopt;
  std::int64_t whom = 0;
  if (pid != nullptr && (!absl::SimpleAtoi(pid, &whom) || whom != getpid())) return std::nullopt;
  return std::chrono::microseconds(number);
}

Watchdog::Watchdog(common::Duration period, std::vector<HealthProbe> probes)
    : period_(period), probes_(std::move(probes)), thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    common::MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
}

void Watchdog::Run() {
  common::NameThisThread("live-watchdog");
  std::string told;
  while (true) {
    const auto failed =
        std::find_if(probes_.begin(), probes_.end(), [](const HealthProbe& probe) { return !probe.works(); });
    if (failed == probes_.end()) {
      told.clear();
      SdNotify("WATCHDOG=1");
    } else if (std::exchange(told, failed->name) != failed->name) {
      spdlog::error("the watchdog is not fed: {}", failed->name);
    }
    common::MutexLock lock(mu_);
    if (!stopping_) changed_.WaitFor(mu_, period_ / 4);
    if (stopping_) return;
  }
}

}  // namespace liveness::app
