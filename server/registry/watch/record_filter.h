// A filter as watches and hooks ask it: of records alone, without what changes with each heartbeat.
#pragma once

#include "server/core/filter/filter.h"
#include "server/registry/watch/watch.h"

namespace liveness::registry {

// Null if `filter` matches everything: then nothing is to be asked. What it gives is thread-safe.
RecordFilter MakeRecordFilter(core::Filter filter);

}  // namespace liveness::registry
