// How fast each of many may do something: a token bucket for each.
//
// Kept as the moment at which the bucket will be full again (the generic cell rate algorithm): what is let
// through moves it on by `each`, and what would move it further than `burst` times that ahead of now is not.
// Whose moment has passed is as good as new, and forgotten. Bounded: beyond `capacity` names the one that was
// seen first is forgotten. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"

namespace liveness::auth {

class Pace {
 public:
  struct Options {
    common::Duration each{};  // the time between two, at length
    int burst = 1;            // how many at once, from rest
    std::size_t capacity = 65'536;
  };
  explicit Pace(const Options& options) : options_(options) {}

  // Zero, and one is counted, if `name` may now; else how long until it may.
  common::Duration Take(const std::string& name, common::MonoTime now);

  std::size_t size() const { return full_at_.size(); }

 private:
  void ForgetOld(common::MonoTime now);

  const Options options_;
  absl::flat_hash_map<std::string, common::MonoTime> full_at_;
  std::deque<std::string> oldest_first_;
};

}  // namespace liveness::auth
