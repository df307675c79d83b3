// Whether a process grows: told from samples of what it holds, taken at even times. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace liveness::soak {

struct Sample {
  int life = 0;  // a restart begins the next
  long memory_mib = 0;
  long files = 0;
  long threads = 0;
};

// Of the last life: the median of its last third must not lie above that of its second third by more than
// what noise explains, a tenth and a little. What fills up to a bound does so in the first third, so a life
// must be long enough for that. Nothing: it does not grow, or lived too short to tell (fewer than kLeast
// samples).
inline constexpr std::size_t kLeast = 12;
std::optional<std::string> Growth(const std::vector<Sample>& samples);

}  // namespace liveness::soak
