#include "server/rpc/query/watch_request.h"

#include <algorithm>
#include <utility>

#include "common/status.h"
#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"
#include "server/registry/watch/record_filter.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {

absl::StatusOr<registry::WatchRequest> ParseWatch(const v1::WatchClientsRequest& request) {
  absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::WatchSchema());
  if (!filter.ok()) return filter.status();
  registry::WatchRequest watch;
  watch.filter_key = request.filter();
  watch.start_revision = request.start_revision();
  watch.history_id = request.history_id();
  watch.filter_cost = filter->cost();
  watch.filter = registry::MakeRecordFilter(*std::move(filter));
  return watch;
}

absl::StatusOr<common::Duration> BookmarkInterval(const v1::WatchClientsRequest& request) {
  if (!request.has_bookmark_interval()) return kMaxBookmarkInterval;
  const common::Duration wanted = FromProto(request.bookmark_interval());
  if (wanted <= common::Duration::zero()) {
    return common::BadFields("BAD_BOOKMARK_INTERVAL", {{"bookmark_interval", "must be greater than 0"}});
  }
  return std::clamp(wanted, kMinBookmarkInterval, kMaxBookmarkInterval);
}

}  // namespace liveness::rpc
