#include "server/rpc/query/list_clients.h"

#include <algorithm>
#include <string>

#include "server/core/filter/order_by.h"
#include "server/core/record/client_fields.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {
namespace {

// Clients taken at a time: bounds what is copied at once.
constexpr std::size_t kMaxPart = 256;

}  // namespace

absl::StatusOr<std::unique_ptr<ClientList>> ClientList::Begin(const ListContext& context,
                                                              const v1::ListClientsRequest& request) {
  const absl::StatusOr<std::size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  const absl::StatusOr<core::OrderBy> order = core::ParseOrderBy(request.order_by(), "client_id");
  if (!order.ok()) return order.status();
  absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::ClientSchema());
  if (!filter.ok()) return filter.status();
  const Detail detail = request.view() == v1::CLIENT_VIEW_FULL ? Detail::kFull : Detail::kBasic;
  std::unique_ptr<ClientList> list(
      new ClientList(context, *std::move(filter), order->descending, *page_size, detail));
  absl::StatusOr<std::string> after = core::DecodePageToken(list->Query(), request.page_token(), context.mac);
  if (!after.ok()) return after.status();
  list->scan_.after = *std::move(after);
  if (!list->filter_.matches_all()) {
    list->scan_.matches = [self = list.get()](const core::ClientRecord& record, const core::Vitals& vitals) {
      return self->filter_.Matches(core::ClientFields(record, vitals, self->now_));
    };
    list->scan_.filter_cost = list->filter_.cost();
  }
  return list;
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

void ClientList::SetToken(v1::ListClientsResponse& response) const {
  response.set_next_page_token(core::EncodePageToken(Query(), scan_.after, context_.mac));
}

absl::StatusOr<bool> ClientList::Step(v1::ListClientsResponse& response) {
  now_ = {context_.clock.Mono(), context_.clock.Wall()};
  ToProto(now_.wall, *response.mutable_as_of());
  scan_.limit = std::min(page_size_ - static_cast<std::size_t>(response.clients_size()), kMaxPart);
  registry::ScanResult part = context_.registry.Scan(scan_);
  response.set_revision(part.revision);
  for (const core::ClientView& client : part.views) {
    if (!Add(client, now_, response)) {
      SetToken(response);
      return true;
    }
    scan_.after = std::string(client.record->client_id());
  }
  scan_.after = std::move(part.cursor);
  if (part.done) return true;
  if (static_cast<std::size_t>(response.clients_size()) < page_size_) return false;
  SetToken(response);
  return true;
}

}  // namespace liveness::rpc
