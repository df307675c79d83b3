#include "server/rpc/query/list_clients.h"

#include <algorithm>
#include <string>
#include <vector>

#include "server/core/record/client_fields.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {
namespace {

// Clients taken at a time: bounds what is copied at once.
constexpr std::size_t kMaxPart = 256;
// Of comparing one client's value with the heap's, in the units of core/filter/filter_cost.h.
constexpr std::int64_t kOrderCost = 8;

constexpr std::string_view kRegistryOrder = "client_id";

}  // namespace

absl::StatusOr<std::unique_ptr<ClientList>> ClientList::Begin(const ListContext& context,
                                                              const v1::ListClientsRequest& request) {
  const absl::StatusOr<std::size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  const absl::StatusOr<core::OrderBy> order =
      core::ParseOrderBy(request.order_by(), {kRegistryOrder, "state_time", "rtt", "last_heartbeat_time"});
  if (!order.ok()) return order.status();
  const absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::ClientSchema());
  if (!filter.ok()) return filter.status();
  const Detail detail = request.view() == v1::CLIENT_VIEW_FULL ? Detail::kFull : Detail::kBasic;
  std::unique_ptr<ClientList> list(
      new ClientList(context, core::Filter::And(context.view, *filter), *order, *page_size, detail));
  const absl::StatusOr<std::string> after =
      core::DecodePageToken(list->Query(), request.page_token(), context.mac);
  if (!after.ok()) return after.status();
  if (const absl::Status begun = list->GoOnFrom(*after); !begun.ok()) return begun;
  list->SetMatches();
  return list;
}

bool ClientList::IsOrdered() const { return order_.field != kRegistryOrder; }

absl::Status ClientList::GoOnFrom(std::string_view position) {
  if (!IsOrdered()) {
    scan_.after = std::string(position);
    return absl::OkStatus();
  }
  const core::Moment now = Now();
  const common::Duration lead = now.wall.time_since_epoch() - now.mono.time_since_epoch();
  core::OrderPosition from{.wall_lead = lead};
  std::optional<core::OrderPosition> after;
  if (!position.empty()) {
    absl::StatusOr<core::OrderPosition> decoded = core::DecodeOrderPosition(position);
    if (!decoded.ok()) return decoded.status();
    from = *std::move(decoded);
    from.wall_lead = core::SameLead(from.wall_lead, lead);
    after = from;
  }
  const std::size_t limit = std::min(page_size_, kMostOrdered - std::min(kMostOrdered, from.shown));
  TopClients top(order_.field, order_.descending, limit, std::move(after), from.wall_lead);
  ordered_.emplace(Ordered{std::move(from), std::move(top)});
  scan_.descending = false;
  return absl::OkStatus();
}

void ClientList::SetMatches() {
  if (filter_.matches_all() && !ordered_) return;
  scan_.matches = [this](const core::ClientRecord& record, const core::Vitals& vitals) {
    return filter_.Matches(core::ClientFields(record, vitals, now_)) &&
           (!ordered_ || ordered_->top.Wants(record, vitals));
  };
  scan_.filter_cost = filter_.cost() + (ordered_ ? kOrderCost : 0);
}

bool ClientList::Add(const core::ClientView& client, const core::Moment& now,
                     v1::ListClientsResponse& response) {
  v1::Client& proto = *response.add_clients();
  ToProto(client, detail_, now, proto);
  bytes_ += proto.ByteSizeLong();
  if (bytes_ <= kMaxPageBytes || response.clients_size() == 1) return true;
  response.mutable_clients()->RemoveLast();
  return false;
}

void ClientList::SetToken(std::string_view position, v1::ListClientsResponse& response) const {
  response.set_next_page_token(core::EncodePageToken(Query(), position, context_.mac));
}

absl::StatusOr<bool> ClientList::Step(v1::ListClientsResponse& response) {
  now_ = Now();
  return ordered_ ? StepOrdered(response) : StepInOrder(response);
}

void ClientList::SetBegin(std::uint64_t revision, v1::ListClientsResponse& response) const {
  ToProto(now_.wall, *response.mutable_as_of());
  response.set_revision(revision);
}

bool ClientList::StepInOrder(v1::ListClientsResponse& response) {
  scan_.limit = std::min(page_size_ - static_cast<std::size_t>(response.clients_size()), kMaxPart);
  registry::ScanResult part = context_.registry.Scan(scan_);
  if (!response.has_as_of()) SetBegin(part.revision, response);
  for (const core::ClientView& client : part.views) {
    if (!Add(client, now_, response)) {
      SetToken(scan_.after, response);
      return true;
    }
    scan_.after = std::string(client.record->client_id());
  }
  scan_.after = std::move(part.cursor);
  if (part.done) return true;
  if (static_cast<std::size_t>(response.clients_size()) < page_size_) return false;
  SetToken(scan_.after, response);
  return true;
}

bool ClientList::StepOrdered(v1::ListClientsResponse& response) {
  scan_.limit = kMaxPart;
  registry::ScanResult part = context_.registry.Scan(scan_);
  if (!ordered_->begun) {
    ordered_->begun = true;
    SetBegin(part.revision, response);
  }
  for (core::ClientView& client : part.views) ordered_->top.Offer(std::move(client));
  scan_.after = std::move(part.cursor);
  if (part.done) ShowOrdered(response);
  return part.done;
}

void ClientList::ShowOrdered(v1::ListClientsResponse& response) {
  core::OrderPosition& at = ordered_->position;
  const core::Moment now{now_.mono, common::WallTime(now_.mono.time_since_epoch() + at.wall_lead)};
  const std::vector<TopClients::Entry> entries = ordered_->top.Take();
  std::size_t added = 0;
  for (const TopClients::Entry& entry : entries) {
    if (added == page_size_ || at.shown == kMostOrdered || !Add(entry.view, now, response)) break;
    ++added;
    ++at.shown;
    at.value = entry.value;
    at.client_id = std::string(entry.view.record->client_id());
  }
  if (added == entries.size()) return;
  if (at.shown == kMostOrdered) {
    response.set_truncated(true);
  } else {
    SetToken(core::EncodeOrderPosition(at), response);
  }
}

}  // namespace liveness::rpc
