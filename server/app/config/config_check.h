// `livenessd config check`: what a start would find out of the files that the configuration names.
#pragma once

#include <string>
#include <vector>

#include "server/app/config/config.h"

namespace liveness::app {

// What would keep a server of `config` from starting, as far as files tell; each names its flag first. Reads
// files, with this process's rights, and takes, makes and changes nothing. Blocks for as long as a disk does.
std::vector<std::string> CheckFiles(const Config& config);

}  // namespace liveness::app
