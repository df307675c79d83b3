// RegistryService.ListClients, one page. It may look at every record there is, in slices
// between which the registry and the workers are free for others.
//
// The registry keeps its clients in order of client_id; a page in that order is a part of
// it. In any other order each page looks at all clients and keeps the first of them, see
// top_clients.h: pages go on through the first kMostOrdered, and the last says that it
// was cut there.
//
// Not thread-safe; for a worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/core/filter/filter.h"
#include "server/core/filter/order_by.h"
#include "server/core/filter/order_position.h"
#include "server/core/filter/page_token.h"
#include "server/registry/records/types.h"
#include "server/rpc/convert/client_proto.h"
#include "server/rpc/query/paging.h"
#include "server/rpc/query/top_clients.h"

namespace liveness::rpc {

// Clients in all that a list of another order than client_id's shows.
inline constexpr std::size_t kMostOrdered = 1'000;

class ClientList {
 public:
  // INVALID_ARGUMENT: what is wrong with the request.
  static absl::StatusOr<std::unique_ptr<ClientList>> Begin(const ListContext& context,
                                                           const v1::ListClientsRequest& request);

  // Looks on. True: the page is complete; else call again. Always with the same `response`, empty at first.
  absl::StatusOr<bool> Step(v1::ListClientsResponse& response);

 private:
  // A page in another order than the registry's.
  struct Ordered {
    core::OrderPosition position;  // where the page before ended; a first page has no client_id
    TopClients top;
    bool begun = false;
  };

  ClientList(const ListContext& context, core::Filter filter, core::OrderBy order, std::size_t page_size,
             Detail detail)
      : context_(context),
        filter_(std::move(filter)),
        order_(order),
        page_size_(page_size),
        detail_(detail),
        scan_{.descending = order.descending} {}
  bool IsOrdered() const;
  core::PageQuery Query() const {
    return {"ListClients", filter_.text(), order_.descending,
            IsOrdered() ? order_.field : std::string_view()};
  }
  core::Moment Now() const { return {context_.clock.Mono(), context_.clock.Wall()}; }
  // Begins where the page before ended.
  absl::Status GoOnFrom(std::string_view position);
  void SetMatches();

  bool StepInOrder(v1::ListClientsResponse& response);
  // Looks at some of all clients, and shows those that it kept once it has seen all.
  bool StepOrdered(v1::ListClientsResponse& response);
  void ShowOrdered(v1::ListClientsResponse& response);

  // False if `client` did not fit on the page any more. An empty page takes any client.
  bool Add(const core::ClientView& client, const core::Moment& now, v1::ListClientsResponse& response);
  void SetToken(std::string_view position, v1::ListClientsResponse& response) const;
  // What is shown was read from `revision` on: whoever watches from there misses nothing.
  void SetBegin(std::uint64_t revision, v1::ListClientsResponse& response) const;

  const ListContext context_;
  const core::Filter filter_;
  const core::OrderBy order_;
  const std::size_t page_size_;
  const Detail detail_;
  std::optional<Ordered> ordered_;  // if IsOrdered()
  registry::ScanRequest scan_;
  core::Moment now_;  // of the step under way
  std::size_t bytes_ = 0;
};

}  // namespace liveness::rpc
