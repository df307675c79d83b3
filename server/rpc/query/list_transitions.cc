#include "server/rpc/query/list_transitions.h"

#include <algorithm>
#include <limits>
#include <string>

#include "server/core/filter/order_by.h"
#include "server/core/record/client_fields.h"
#include "server/core/record/transition_bounds.h"
#include "server/rpc/convert/client_proto.h"
#include "server/storage/transition_log.h"

namespace liveness::rpc {
namespace {

constexpr std::size_t kPart = 256;

// The part of history that may match: the store finds that part by its indices and reads no other.
storage::HistoryQuery QueryFor(const core::Filter& filter, core::WallTime now) {
  core::TransitionBounds bounds = core::BoundsOf(filter, now);
  return {.after = bounds.after,
          .before = bounds.before,
          .client_id = std::move(bounds.client_id),
          .from = bounds.from,
          .until = bounds.until,
          .limit = kPart};
}

// Tells the gaps in the part that a page covers which ends at revision `at`, also one that reaches beyond it.
void AddGaps(const storage::RevisionGaps& gaps, bool descending, std::uint64_t at,
             v1::ListTransitionsResponse& response) {
  for (const auto& [after, until] : gaps) {
    if (descending ? until < at : after >= at) continue;
    v1::Gap& gap = *response.add_gaps();
    gap.set_after_revision(after);
    gap.set_resumes_at_revision(until);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<TransitionList>> TransitionList::Begin(
    const ListContext& context, const v1::ListTransitionsRequest& request) {
  const absl::StatusOr<std::size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  const absl::StatusOr<core::OrderBy> order = core::ParseOrderBy(request.order_by(), {"revision"});
  if (!order.ok()) return order.status();
  const absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::TransitionSchema());
  if (!filter.ok()) return filter.status();
  const core::WallTime now = context.clock.Wall();
  std::unique_ptr<TransitionList> list(
      new TransitionList(context, core::Filter::And(context.view, *filter), *page_size, now));
  list->query_ = QueryFor(list->filter_, now);
  list->query_.newest_first = order->descending;
  list->at_ = order->descending ? std::numeric_limits<std::uint64_t>::max() : 0;
  const absl::StatusOr<std::string> token =
      core::DecodePageToken(list->Query(), request.page_token(), context.mac);
  if (!token.ok()) return token.status();
  if (!token->empty()) {
    const absl::StatusOr<std::uint64_t> position = ParseRevisionPosition(*token);
    if (!position.ok()) return position.status();
    list->at_ = *position;
  }
  return list;
}

absl::StatusOr<bool> TransitionList::Step(v1::ListTransitionsResponse& response) {
  response.set_history_id(context_.registry.history_id());
  if (query_.newest_first) {
    query_.before = std::min(query_.before, at_);
  } else {
    query_.after = std::max(query_.after, at_);
  }
  const registry::HistoryPage part = context_.registry.ReadHistory(query_);
  response.set_revision(part.revision);
  response.set_compacted_revision(part.compacted);
  query_.search = part.search;
  gaps_.insert(gaps_.end(), part.gaps.begin(), part.gaps.end());
  gaps_ = storage::JoinGaps(std::move(gaps_));
  for (const core::TransitionPtr& transition : part.transitions) {
    const bool full =
        bytes_ > kMaxPageBytes || static_cast<std::size_t>(response.transitions_size()) >= page_size_;
    if (full && transition->revision() != at_) {
      response.set_next_page_token(core::EncodePageToken(Query(), RevisionPosition(at_), context_.mac));
      AddGaps(gaps_, query_.newest_first, at_, response);
      return true;
    }
    at_ = transition->revision();
    if (!filter_.Matches(core::TransitionFields(*transition, now_))) continue;
    v1::Transition& proto = *response.add_transitions();
    ToProto(*transition, proto);
    bytes_ += proto.ByteSizeLong();
  }
  if (part.stopped_at) at_ = *part.stopped_at;
  if (part.stopped_at || part.transitions.size() >= kPart) return false;
  AddGaps(gaps_, query_.newest_first, query_.newest_first ? 0 : std::numeric_limits<std::uint64_t>::max(),
          response);
  return true;
}

}  // namespace liveness::rpc
