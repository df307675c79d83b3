// RegistryService.ListClients, one page. It may look at every record there is, in slices
// between which the registry and the workers are free for others.
//
// Not thread-safe; for a worker.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/core/filter/filter.h"
#include "server/core/filter/page_token.h"
#include "server/registry/records/types.h"
#include "server/rpc/convert/client_proto.h"
#include "server/rpc/query/paging.h"

namespace liveness::rpc {

class ClientList {
 public:
  // INVALID_ARGUMENT: what is wrong with the request.
  static absl::StatusOr<std::unique_ptr<ClientList>> Begin(const ListContext& context,
                                                           const v1::ListClientsRequest& request);

  // Looks on. True: the page is complete; else call again. Always with the same `response`, empty at first.
  absl::StatusOr<bool> Step(v1::ListClientsResponse& response);

 private:
  ClientList(const ListContext& context, core::Filter filter, bool descending, std::size_t page_size,
             Detail detail)
      : context_(context),
        filter_(std::move(filter)),
        page_size_(page_size),
        detail_(detail),
        scan_{.descending = descending} {}
  core::PageQuery Query() const { return {"ListClients", filter_.text(), scan_.descending}; }
  // False if `client` did not fit on the page any more. An empty page takes any client.
  bool Add(const core::ClientView& client, const core::Moment& now, v1::ListClientsResponse& response);
  void SetToken(v1::ListClientsResponse& response) const;

  const ListContext context_;
  const core::Filter filter_;
  const std::size_t page_size_;
  const Detail detail_;
  registry::ScanRequest scan_;
  core::Moment now_;  // of the step under way
  std::size_t bytes_ = 0;
};

}  // namespace liveness::rpc
