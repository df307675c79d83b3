#include "server/rpc/query/watch_request.h"

#include <algorithm>
#include <utility>

#include "common/status.h"
#include "server/core/record/client_fields.h"
#include "server/registry/watch/record_filter.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {

absl::StatusOr<registry::WatchRequest> ParseWatch(const v1::WatchClientsRequest& request,
                                                  const core::Filter& view) {
  const absl::StatusOr<core::Filter> asked = core::Filter::Parse(request.filter(), core::WatchSchema());
  if (!asked.ok()) return asked.status();
  core::Filter filter = core::Filter::And(view, *asked);
  registry::WatchRequest watch;
  watch.filter_key = filter.text();
  watch.start_revision = request.start_revision();
  watch.history_id = request.history_id();
  watch.filter_cost = filter.cost();
  watch.filter = registry::MakeRecordFilter(std::move(filter));
  watch.filter.takes_groups = view.matches_all();
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
