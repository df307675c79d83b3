// A manual page from what --help says.
#pragma once

#include <string>

#include "common/flags/command_doc.h"

namespace liveness::common {

// The page of `program` in roff, with a section on each of its commands. `section` is 1 for what users run
// and 8 for what systems do; `version` stands at its foot. Pure.
std::string ManPage(const CommandDoc& program, int section, const std::string& version);

// Gives `app` the flag --man, which prints the page in the way of --version.
// `version` is kept by the flag.
void AddManFlag(CLI::App& app, int section, const std::string& version);

}  // namespace liveness::common
