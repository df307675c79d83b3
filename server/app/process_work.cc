#include "server/app/process_work.h"

#include <sys/resource.h>

#include <chrono>

namespace liveness::app {

common::Duration ProcessWork() {
  rusage used{};
  (void)getrusage(RUSAGE_SELF, &used);
  const auto span = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return span(used.ru_utime) + span(used.ru_stime);
}

}  // namespace liveness::app
