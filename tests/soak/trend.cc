#include "tests/soak/trend.h"

#include <algorithm>
#include <cstddef>

namespace liveness::soak {
namespace {

struct Kind {
  const char* name;
  long Sample::*value;
  long noise;  // beside a tenth
};
// Memory: the allocator's, between bursts. Files: connections that floods have open at the moment of a
// sample. Threads: gRPC's, which come and go.
constexpr Kind kKinds[] = {{"memory, in MiB", &Sample::memory_mib, 24},
                           {"descriptors", &Sample::files, 150},
                           {"threads", &Sample::threads, 4}};

long Median(std::vector<long> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::optional<std::string> Growth(const std::vector<Sample>& samples) {
  std::vector<Sample> life;
  for (const Sample& each : samples) {
    if (each.life == samples.back().life) life.push_back(each);
  }
  if (life.size() < kLeast) return std::nullopt;
  for (const Kind& kind : kKinds) {
    std::vector<long> before, after;
    for (std::size_t i = life.size() / 3; i < life.size(); ++i) {
      (i < life.size() * 2 / 3 ? before : after).push_back(life[i].*kind.value);
    }
    const long then = Median(before), now = Median(after);
    if (now <= then + then / 10 + kind.noise) continue;
    return std::string(kind.name) + " grew from " + std::to_string(then) + " to " + std::to_string(now);
  }
  return std::nullopt;
}

}  // namespace liveness::soak
