// What `livenessctl check` says, as the monitoring plugins' guidelines have it: a line with the state, a
// sentence and figures, and more lines where there is more to say. Pure, thread-safe.
//
//   LIVENESS CRITICAL - 1 live of 4 known, want at least 3 | live=1;;3:;0 alive=1;;;0 ...
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/cli/exit_code.h"
#include "client/cli/settings.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli {

struct CheckReport {
  CheckCode code = CheckCode::kUnknown;
  bool too_many = false;  // why it is not OK: more are ALIVE than may be; else too few live
  std::string line;       // without a newline
};

// Judges the counts of all that match. `live`: how many of them are ALIVE and OK.
//
// Clients in maintenance are missed by nobody: they are told apart, and count for what is wanted at least.
// What is wanted at most is compared with all that are ALIVE, whatever their health.
CheckReport Judge(const v1::StateCounts& counts, std::int64_t live, const CheckSettings& settings);

// The line of what could not be found out.
std::string UnknownLine(std::string_view why);

// A client that is not as it should be, as a line of its own. `now` is what the age is reckoned from.
std::string CheckedClientLine(const v1::Client& client, common::WallTime now);

}  // namespace liveness::cli
