#include "server/rpc/list_transitions.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "server/core/client_fields.h"
#include "server/core/filter.h"
#include "server/core/order_by.h"
#include "server/core/transition_bounds.h"
#include "server/rpc/client_proto.h"

namespace liveness::rpc {
namespace {

constexpr std::size_t kPart = 256;

// What of history may match: the store finds it by its indices, and only that is read.
storage::HistoryQuery QueryFor(const core::Filter& filter, core::WallTime now) {
  core::TransitionBounds bounds = core::BoundsOf(filter, now);
  return {.after = bounds.after,
          .before = bounds.before,
          .client_id = std::move(bounds.client_id),
          .from = bounds.from,
          .until = bounds.until,
          .limit = kPart};
}

}  // namespace

absl::Status ListTransitions(const ListContext& context, const v1::ListTransitionsRequest& request,
                             v1::ListTransitionsResponse& response) {
  const absl::StatusOr<std::size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  const absl::StatusOr<core::OrderBy> order = core::ParseOrderBy(request.order_by(), "revision");
  if (!order.ok()) return order.status();
  const absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::TransitionSchema());
  if (!filter.ok()) return filter.status();
  const core::PageQuery page{"ListTransitions", request.filter(), order->descending};
  const absl::StatusOr<std::string> token = core::DecodePageToken(page, request.page_token(), context.mac);
  if (!token.ok()) return token.status();
  std::uint64_t at = order->descending ? std::numeric_limits<std::uint64_t>::max() : 0;
  if (!token->empty()) {
    const absl::StatusOr<std::uint64_t> position = ParseRevisionPosition(*token);
    if (!position.ok()) return position.status();
    at = *position;
  }

  response.set_history_id(context.registry.history_id());
  const core::WallTime now = context.clock.Wall();
  storage::HistoryQuery query = QueryFor(*filter, now);
  query.newest_first = order->descending;
  std::size_t bytes = 0;
  while (true) {
    if (order->descending) {
      query.before = std::min(query.before, at);
    } else {
      query.after = std::max(query.after, at);
    }
    const registry::HistoryPage part = context.registry.ReadHistory(query);
    response.set_revision(part.revision);
    response.set_compacted_revision(part.compacted);
    for (const core::TransitionPtr& transition : part.transitions) {
      const bool full =
          bytes > kMaxPageBytes || static_cast<std::size_t>(response.transitions_size()) >= *page_size;
      if (full && transition->revision() != at) {
        response.set_next_page_token(core::EncodePageToken(page, RevisionPosition(at), context.mac));
        return absl::OkStatus();
      }
      at = transition->revision();
      if (!filter->Matches(core::TransitionFields(*transition, now))) continue;
      v1::Transition& proto = *response.add_transitions();
      ToProto(*transition, proto);
      bytes += proto.ByteSizeLong();
    }
    if (part.transitions.size() < kPart) return absl::OkStatus();
    const absl::Status in_time = CheckDeadline(context);
    if (!in_time.ok()) return in_time;
  }
}

}  // namespace liveness::rpc
