// What a WatchClientsRequest asks for, understood. Pure, thread-safe; for a worker, because a filter may be
// long.
#pragma once

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/core/filter/filter.h"
#include "server/registry/watch/watch.h"

namespace liveness::rpc {

inline constexpr common::Duration kMaxBookmarkInterval = std::chrono::seconds(5);
inline constexpr common::Duration kMinBookmarkInterval = std::chrono::milliseconds(100);
// How long a watcher that comes from another server may be ahead of this one.
inline constexpr common::Duration kWatchCatchUp = std::chrono::seconds(5);

// For Registry::StartWatch, all but `on_ready`, and within `view`: what the watcher may see.
// INVALID_ARGUMENT: what is wrong with the filter.
absl::StatusOr<registry::WatchRequest> ParseWatch(const v1::WatchClientsRequest& request,
                                                  const core::Filter& view);

// Within the bounds above. INVALID_ARGUMENT BAD_BOOKMARK_INTERVAL.
absl::StatusOr<common::Duration> BookmarkInterval(const v1::WatchClientsRequest& request);

}  // namespace liveness::rpc
