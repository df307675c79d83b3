// A quality contract: "found within X, at most one mistake in Y", in place of an
// interval and a timeout. Pure functions.
//
// From Chen, Toueg, Aguilera: "On the quality of service of failure detectors",
// IEEE Transactions on Computers 51(5), 2002, sections 5 and 6: the procedure
// for delays of unknown distribution and clocks that are not synchronised.
//
// An example. A client asks to be found within 1 s, at most one mistake a month
// (720 h). Its path loses 1 % and jitters by 20 ms. Pings every 200 ms or so and
// a timeout of 0.94 s do it: a mistake needs four pings in a row that are all lost
// or very late. Every 500 ms would be cheaper, and wrong within minutes.
//
// The sums. A ping is sent every eta, and the client is overdue `timeout` after
// the last one came. At that moment ping j after it (j = 1, 2, ...) has had
// x_j = timeout - j eta to come later than its sender meant it to. That it is not
// there has the probability
//
//   p + (1 - p) P(D' - D > x_j)  <=  (V + p x_j^2) / (V + x_j^2)
//
// with p the loss and V the variance of D' - D, by the one-sided Chebyshev
// (Cantelli) inequality, which holds for every distribution. A mistake is made
// only if all of those are missing, and once per interval at most. So the mean
// time between mistakes is at least
//
//   f(eta) = eta * product over j of (V + x_j^2) / (V + p x_j^2)
//
// and the largest eta with f(eta) >= Y is the cheapest. Two things differ from
// the paper's detector, which measures from the expected arrival of a ping: ours
// measures from the actual one, so V is the variance of the difference of two
// delays, not of one; and the last ping's own delay adds to the detection time, so
// its mean and two deviations are taken off X. Losses are taken as independent,
// as in the paper: bursts of loss longer than the timeout are outages, and told.
#pragma once

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/status.h"
#include "server/core/detection/path_quality.h"
#include "server/core/time/timing.h"

namespace liveness::core {

struct QualityRequest {
  common::Duration found_within{};
  common::Duration mistake_recurrence{};
};

struct QualitySolution {
  Timing timing;
  // What may be expected to hold: at least what was asked for.
  common::Duration found_within{};
  common::Duration mistake_recurrence{};  // Duration::max(): 292 years or more
};

// Appends to `violations` as "hello.quality...." what is not positive.
void CheckQuality(const QualityRequest& request, std::vector<common::FieldViolation>& violations);

// The cheapest timing within `bounds` (and timeout >= 2 x interval, and not more
// than 100 pings in a timeout) that keeps the contract on this path, in whole
// milliseconds. FAILED_PRECONDITION QUALITY_UNREACHABLE if there is none; the
// message says why, and what could be had instead.
// REQUIRES: CheckQuality found nothing, 0 <= path.loss <= 1.
absl::StatusOr<QualitySolution> SolveQuality(const QualityRequest& request, const PathEstimate& path,
                                             const TimingBounds& bounds);

// f(eta) above: a lower bound on the mean time between mistakes, in seconds.
double MistakeRecurrence(const Timing& timing, const PathEstimate& path);

}  // namespace liveness::core
