// What the kernel counts of this process: descriptors, memory, CPU time, threads. Linux.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace liveness::http {

struct ProcessFigures {
  double cpu_seconds = 0;  // user and system
  std::int64_t threads = 0;
  std::int64_t virtual_bytes = 0;
  std::int64_t resident_bytes = 0;
  std::int64_t open_fds = 0;
  std::int64_t max_fds = 0;
};

// Nothing if /proc is not there. Counting the descriptors takes some 0.2 us for each before Linux 6.2.
std::optional<ProcessFigures> ReadProcessFigures();

// Of the text of /proc/PID/stat, in which the name of the process may hold anything; without descriptors.
std::optional<ProcessFigures> ParseProcessStat(std::string_view text, std::int64_t ticks_per_second,
                                               std::int64_t page_bytes);

}  // namespace liveness::http
