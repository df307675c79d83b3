// What a client's options mean to its session. Thread-safe.
#pragma once

#include <functional>

#include <liveness/options.h>

#include "client/src/session/session.h"

namespace liveness::internal {

// REQUIRES: `options` came from Complete(). `look` as in Session::Options.
Session::Options SessionOptions(const ClientOptions& options, std::function<PathLook(StreamId)> look);

}  // namespace liveness::internal
