// Who comes most often in a stream of names, in little memory (Misra and Gries, 1982): of n names, none that
// came more than n / kCounters times is missed, and none is counted higher than it came.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace liveness::storage {

class Frequent {
 public:
  static constexpr std::size_t kCounters = 4'096;

  // `name` came, `times` times.
  void Add(std::string_view name, std::uint64_t times = 1);
  // Starts to count it anew.
  void Forget(std::string_view name);
  // Up to `most` that are counted as `times` or more, no order kept.
  std::vector<std::string> AtLeast(std::uint64_t times, std::size_t most) const;

 private:
  absl::flat_hash_map<std::string, std::uint64_t> counts_;
};

}  // namespace liveness::storage
