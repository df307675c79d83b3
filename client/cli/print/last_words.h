// `livenessctl get --last-words`: what a client left behind, for people. Pure.
#pragma once

#include <string>

#include "client/cli/print/table.h"
#include "common/clock.h"
#include "liveness/v1/client.pb.h"

namespace liveness::cli {

// The will and the last minute, or a sentence that says why there is neither.
// `now` is what the spans are reckoned from.
std::string DescribeLastWords(const v1::Client& client, common::WallTime now, TableOptions options);

}  // namespace liveness::cli
