// Wrong tokens from one address, by which a limit on guessing counts: so many a minute, from rest at once,
// and an IPv6 address by its /64. It does not look at right ones: many clients may share an address, and
// whoever guesses there must not lock them out. So it stops no guess from being right, which 256 random bits
// do; it makes the guessing cost the guesser more than us, and shows it.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/time/rate_table.h"

namespace liveness::auth {

class GuessLimit {
 public:
  // Since the start.
  struct Figures {
    std::uint64_t refused = 0;  // wrong tokens that were answered as such
    std::uint64_t limited = 0;  // and those that were too many
  };

  // `per_minute`: 0: no limit.
  explicit GuessLimit(int per_minute);

  // A wrong token came from `address` (Caller::address). Zero if it is to be answered as such; else how long
  // its sender is to wait.
  common::Duration Count(const std::string& address, common::MonoTime now);

  Figures figures() const;

 private:
  const bool is_limited_;
  mutable common::Mutex mu_;
  core::RateTable<std::string> pace_ ABSL_GUARDED_BY(mu_);
  Figures figures_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::auth
