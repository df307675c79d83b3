// What the doctor says. Pure.
#pragma once

#include <string>
#include <vector>

#include "client/cli/doctor/facts.h"
#include "client/cli/doctor/findings.h"

namespace liveness::cli::doctor {

// For people: a line or more for each finding, and how many problems there are.
//   ok        connect      10.0.0.5:7700 in 1.2ms
//   PROBLEM   protocol     it speaks HTTP/1 and no HTTP/2: HTTP/1.1 400 Bad Request
//                          Another program has that port, or ...
std::string ReportText(const Facts& facts, const std::vector<Finding>& findings, bool color);

// One JSON object, which is YAML as well: target, result (ok, warning, problem, unreachable), findings,
// and the figures that were measured, spans in milliseconds.
std::string ReportJson(const Facts& facts, const std::vector<Finding>& findings);

}  // namespace liveness::cli::doctor
