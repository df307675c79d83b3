// How well a server detects, for people. Pure, thread-safe.
#pragma once

#include <string>

#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli {

// A section about all clients since the server started, whatever clients `stats` counts.
std::string DescribeScorecard(const v1::GetStatsResponse& stats);

// Mistakes per client and day: `0.0123`, `1667`.
std::string RateText(double rate);

// A share as a percentage with as many nines as it has: `99.9998%`; `100%` only if
// nothing was wrong at all.
std::string AccuracyText(double share);

}  // namespace liveness::cli
