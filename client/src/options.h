// Checks and completes what the application gave. Pure but for the host's own
// name, process id and random bits.
#pragma once

#include <optional>

#include <liveness/options.h>
#include <liveness/result.h>

namespace liveness::internal {

// `options` with every default filled in (instance_id, host, pid, keepalive,
// and interval and timeout where a preset was chosen), or BAD_OPTIONS.
Result<ClientOptions> Complete(ClientOptions options);

// BAD_LABELS, or nothing.
std::optional<Error> CheckLabels(const Labels& labels);

}  // namespace liveness::internal
