// What the members of a fleet tell of themselves: a file of slots, mapped by all
// of its processes and by whoever looks on. It outlives a member that is killed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace liveness::fault {

enum class MemberState : std::int64_t { kStarting = 0, kLive = 1, kLost = 2, kEnded = 3 };

// One member, written by its own process only. Times are nanoseconds of
// CLOCK_MONOTONIC. lab/fleet.py reads this layout.
struct alignas(64) Slot {
  std::atomic<std::int64_t> pid{0};
  std::atomic<std::int64_t> state{0};
  // When it sent the last ping: of a raw member the last one that it sent, of a
  // library member the last one that was answered.
  std::atomic<std::int64_t> last_ping{0};
  // When the member last wrote here.
  std::atomic<std::int64_t> written{0};
  std::atomic<std::uint64_t> incarnation{0};
  std::atomic<std::uint64_t> answers{0};
  std::atomic<std::uint64_t> losses{0};
  std::atomic<std::uint64_t> reserved{0};
};
static_assert(sizeof(Slot) == 64);

std::int64_t MonoNanos();

// Maps `count` slots of the file `path`, which is made; never unmapped. Ends the
// process if that fails.
Slot* MapBoard(const std::string& path, std::size_t count);

}  // namespace liveness::fault
