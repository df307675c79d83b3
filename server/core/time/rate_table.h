// How fast each of many may do something: a token bucket for each key, an address or a principal.
//
// Kept as the moment at which the bucket will be full again (the generic cell rate
// algorithm): each time moves it on by 1/rate, and one that would move it
// further than `burst` ahead of now is refused. Whose moment
// has passed is as good as a new one and forgotten.
//
// Those that are refused are told when their turn comes, one after the other: a herd that heeds that comes
// back at the rate, and each is let in when it does. Nobody is told to wait for longer than kLongestWait
// for others that may not come back.
//
// Bounded: beyond `capacity` keys the one seen first is forgotten. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"

namespace liveness::core {

using common::Duration;
using common::MonoTime;

struct RateOptions {
  Duration each{};          // the time between two, at length; zero: no limit
  std::uint32_t burst = 1;  // how many at once, from rest
  std::size_t capacity = 65'536;
};

// `each` of so many a second; 0: no limit.
constexpr Duration EachOf(std::uint32_t per_second) {
  if (per_second == 0) return Duration::zero();
  return Duration(std::chrono::seconds(1)) / static_cast<std::int64_t>(per_second);
}

template <typename Key>
class RateTable {
 public:
  static constexpr Duration kLongestWait = std::chrono::minutes(1);

  explicit RateTable(const RateOptions& options)
      : each_(options.each),
        most_ahead_(each_ * static_cast<std::int64_t>(options.burst)),
        capacity_(std::max<std::size_t>(options.capacity, 1)) {}

  // Zero, and one is counted: `key` may, now. Else when it may ask again.
  Duration Wait(const Key& key, MonoTime now) {
    if (each_ == Duration::zero()) return Duration::zero();
    const auto [at, added] = entries_.try_emplace(key, Entry{now, now});
    Entry& entry = at->second;
    const MonoTime full_at = std::max(entry.full_at, now) + each_;
    const MonoTime turn = full_at - most_ahead_;
    Duration wait = Duration::zero();
    if (turn <= now) {
      entry.full_at = full_at;
    } else {
      entry.last_turn = std::min(std::max(entry.last_turn + each_, turn), std::max(now + kLongestWait, turn));
      wait = entry.last_turn - now;
    }
    if (added) {
      oldest_first_.push_back(key);
      ForgetOld(now);
    }
    return wait;
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    MonoTime full_at;
    MonoTime last_turn;  // that somebody was told
  };
  // Old entries looked at for each new one: more than one, so that the table shrinks.
  static constexpr int kLooks = 2;

  void ForgetOld(MonoTime now) {
    for (int i = 0; i < kLooks && oldest_first_.size() > 1; ++i) {
      const auto found = entries_.find(oldest_first_.front());
      if (found->second.full_at > now && entries_.size() <= capacity_) {
        // Still counting: to the end of the row, so that it does not hide those behind it.
        oldest_first_.push_back(oldest_first_.front());
      } else {
        entries_.erase(found);
      }
      oldest_first_.pop_front();
    }
  }

  const Duration each_;
  const Duration most_ahead_;
  const std::size_t capacity_;
  absl::flat_hash_map<Key, Entry> entries_;  // bounded: capacity_
  std::deque<Key> oldest_first_;
};

}  // namespace liveness::core
