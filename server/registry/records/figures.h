// What a registry counts of its own work, for those who measure it.
//
// Written where the registry's lock is held, or on a stream's end, never by a ping. Thread-safe; each figure
// is right by itself, several that are read together may be of different moments.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/clock.h"
#include "common/measure/histogram.h"
#include "server/core/record/record.h"

namespace liveness::registry {

// Of silence until SUSPECT: from a tenth of a second to ten minutes.
inline constexpr std::array<common::Duration, 15> kDetectionBounds = {
    std::chrono::milliseconds(100),   std::chrono::milliseconds(250),   std::chrono::milliseconds(500),
    std::chrono::seconds(1),          std::chrono::milliseconds(2'500), std::chrono::seconds(5),
    std::chrono::milliseconds(7'500), std::chrono::seconds(10),         std::chrono::seconds(15),
    std::chrono::seconds(20),         std::chrono::seconds(30),         std::chrono::seconds(45),
    std::chrono::seconds(60),         std::chrono::seconds(120),        std::chrono::seconds(600)};
// Of what should take no time.
inline constexpr std::array<common::Duration, 10> kLatenessBounds = {
    std::chrono::milliseconds(1),   std::chrono::microseconds(2'500), std::chrono::milliseconds(5),
    std::chrono::milliseconds(10),  std::chrono::milliseconds(25),    std::chrono::milliseconds(50),
    std::chrono::milliseconds(100), std::chrono::milliseconds(250),   std::chrono::seconds(1),
    std::chrono::seconds(5)};

// Where an enum's value is counted.
template <typename Enum>
constexpr std::size_t Index(Enum value) {
  return static_cast<std::size_t>(value);
}

struct Figures {
  using Counter = std::atomic<std::uint64_t>;

  // Committed transitions, those of other servers of a shared store included: of a state, by what it became
  // and the cause; of health alone, by what it became; of neither.
  std::array<std::array<Counter, Index(core::kLastCause) + 1>, Index(core::kLastState) + 1> state_changes{};
  std::array<Counter, Index(core::kLastHealth) + 1> health_changes{};
  Counter other_changes{0};
  // Of those: deaths by cause, without evictions and supersessions, of clients that were not in MAINTENANCE.
  std::array<Counter, Index(core::kLastCause) + 1> unexpected_deaths{};

  common::Histogram detection_times{kDetectionBounds};  // of deaths that were found: last heard until SUSPECT
  common::Histogram deadline_lateness{kLatenessBounds};  // of suspicions for silence: behind their deadline
  common::Histogram commit_times{
      common::kAnswerBounds};  // of changes of this server: proposed until committed
  Counter refusals{0};         // proposals that the store refused

  // `before` is null for a client that was not known.
  void CountTransition(const core::ClientRecord* before, const core::ClientRecord& after);
};

}  // namespace liveness::registry
