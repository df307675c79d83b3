// How a client wants its silence to be judged.
#pragma once

#include <chrono>

namespace liveness {

struct Detection {
  enum class Method {
    // Overdue after the timeout.
    kFixed,
    // Overdue when the silence is improbable, given how this client's pings have
    // arrived so far (phi accrual): sooner on a steady path, later on a
    // bad path, never later than the timeout.
    kAccrual,
  };
  Method method = Method::kFixed;
  // kAccrual: the level that counts as overdue, 1 to 30. 8 means that a client
  // which is well is that silent once in 10^8 pings. Zero: the server's default.
  double threshold = 0;

  bool operator==(const Detection&) const = default;
};

// What is wanted in place of an interval and a timeout: the server works both
// out from the loss and delay that it has measured, and says in Welcome what
// holds. If the server cannot hold this quality, the first attempt fails for good with
// QUALITY_UNREACHABLE, and the message says which quality it could hold. Once welcomed, a
// client that is refused because its path has got worse keeps trying.
struct Quality {
  // A crash or silence is found within this time.
  std::chrono::nanoseconds found_within{};
  // The mean time between two mistakes (suspicions of a client that is well) is
  // at least this.
  std::chrono::nanoseconds mistake_recurrence{};

  bool operator==(const Quality&) const = default;
};

}  // namespace liveness
