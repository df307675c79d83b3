#include "server/rpc/list_clients.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/core/client_fields.h"
#include "server/core/filter.h"
#include "server/core/order_by.h"
#include "server/rpc/client_proto.h"
#include "server/rpc/convert.h"

namespace liveness::rpc {
namespace {

// Clients taken at a time: bounds what is copied at once.
constexpr std::size_t kMaxPart = 256;

// One page as it fills.
class Page {
 public:
  Page(const v1::ListClientsRequest& request, std::size_t size, v1::ListClientsResponse& response)
      : detail_(request.view() == v1::CLIENT_VIEW_FULL ? Detail::kFull : Detail::kBasic),
        size_(size),
        response_(response) {}

  std::size_t room() const { return size_ - static_cast<std::size_t>(response_.clients_size()); }

  // False if it did not fit any more. An empty page takes whatever it is given.
  bool Add(const core::ClientView& client, const core::Moment& now) {
    v1::Client& proto = *response_.add_clients();
    ToProto(client, detail_, now, proto);
    bytes_ += proto.ByteSizeLong();
    if (bytes_ <= kMaxPageBytes || response_.clients_size() == 1) return true;
    response_.mutable_clients()->RemoveLast();
    return false;
  }

 private:
  const Detail detail_;
  const std::size_t size_;
  v1::ListClientsResponse& response_;
  std::size_t bytes_ = 0;
};

}  // namespace

absl::Status ListClients(const ListContext& context, const v1::ListClientsRequest& request,
                         v1::ListClientsResponse& response) {
  const absl::StatusOr<std::size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  const absl::StatusOr<core::OrderBy> order = core::ParseOrderBy(request.order_by(), "client_id");
  if (!order.ok()) return order.status();
  const absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::ClientSchema());
  if (!filter.ok()) return filter.status();
  const core::PageQuery query{"ListClients", request.filter(), order->descending};
  absl::StatusOr<std::string> after = core::DecodePageToken(query, request.page_token(), context.mac);
  if (!after.ok()) return after.status();

  registry::ScanRequest scan;
  scan.after = *std::move(after);
  scan.descending = order->descending;
  core::Moment now;
  if (!filter->matches_all()) {
    scan.matches = [&](const core::ClientRecord& record, const core::Vitals& vitals) {
      return filter->Matches(core::ClientFields(record, vitals, now));
    };
  }
  Page page(request, *page_size, response);
  while (true) {
    now = {context.clock.Mono(), context.clock.Wall()};
    scan.limit = std::min(page.room(), kMaxPart);
    registry::ScanResult part = context.registry.Scan(scan);
    response.set_revision(part.revision);
    for (const core::ClientView& client : part.views) {
      if (!page.Add(client, now)) {
        response.set_next_page_token(core::EncodePageToken(query, scan.after, context.mac));
        ToProto(now.wall, *response.mutable_as_of());
        return absl::OkStatus();
      }
      scan.after = std::string(client.record->client_id());
    }
    scan.after = std::move(part.cursor);
    if (part.done) break;
    if (page.room() == 0) {
      response.set_next_page_token(core::EncodePageToken(query, scan.after, context.mac));
      break;
    }
    const absl::Status in_time = CheckDeadline(context);
    if (!in_time.ok()) return in_time;
  }
  ToProto(now.wall, *response.mutable_as_of());
  return absl::OkStatus();
}

}  // namespace liveness::rpc
