// What is set once for the whole process.
#pragma once

#include <string>

#include "common/clock.h"

namespace liveness::app {

// Before anything of gRPC runs and before any thread is started: raises the
// limit of open files to what is allowed, blocks the signals that WaitForStopSignal()
// takes, and sends the logs of gRPC and Protobuf through ours.
void PrepareProcess(const std::string& log_level);

// Waits for SIGTERM or SIGINT; false if `span` passed first.
bool WaitForStopSignal(common::Duration span);

}  // namespace liveness::app
