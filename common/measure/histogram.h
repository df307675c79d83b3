// How many spans were how long, for those who measure: counts between fixed bounds.
//
// Cheap enough for every call: to add is a search among a dozen bounds and two additions. Thread-safe; who
// reads while others add may miss what is being added.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/clock.h"

namespace liveness::common {

// Of an answer, from half a millisecond to ten seconds.
inline constexpr std::array<Duration, 14> kAnswerBounds = {
    std::chrono::microseconds(500), std::chrono::milliseconds(1),   std::chrono::microseconds(2'500),
    std::chrono::milliseconds(5),   std::chrono::milliseconds(10),  std::chrono::milliseconds(25),
    std::chrono::milliseconds(50),  std::chrono::milliseconds(100), std::chrono::milliseconds(250),
    std::chrono::milliseconds(500), std::chrono::seconds(1),        std::chrono::milliseconds(2'500),
    std::chrono::seconds(5),        std::chrono::seconds(10)};

// Of a round trip, from a tenth of a millisecond, on one machine, to ten seconds.
inline constexpr std::array<Duration, 13> kRttBounds = {
    std::chrono::microseconds(100), std::chrono::microseconds(250),   std::chrono::microseconds(500),
    std::chrono::milliseconds(1),   std::chrono::microseconds(2'500), std::chrono::milliseconds(5),
    std::chrono::milliseconds(10),  std::chrono::milliseconds(25),    std::chrono::milliseconds(50),
    std::chrono::milliseconds(100), std::chrono::milliseconds(250),   std::chrono::seconds(1),
    std::chrono::seconds(10)};

class Histogram {
 public:
  // `bounds`: the upper ends, each one included, in growing order. They outlive the histogram.
  explicit Histogram(std::span<const Duration> bounds);

  void Add(Duration span);

  struct Reading {
    std::span<const Duration> bounds;
    std::vector<std::uint64_t>
        counts;  // up to each bound and above the one before; one more: beyond the last
    Duration sum{};
  };
  Reading Read() const;

 private:
  const std::span<const Duration> bounds_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<Duration::rep> sum_{0};
};

}  // namespace liveness::common
