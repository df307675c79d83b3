// RegistryService.ListTransitions, one page: what happened, as far back as it is kept. A
// filter may have it read all of that, in slices between which the registry, the store and
// the workers are free for others.
//
// Not thread-safe; for a worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/core/filter/filter.h"
#include "server/core/filter/page_token.h"
#include "server/rpc/query/paging.h"
#include "server/storage/store.h"
#include "server/storage/transition_log.h"

namespace liveness::rpc {

class TransitionList {
 public:
  // INVALID_ARGUMENT: what is wrong with the request.
  static absl::StatusOr<std::unique_ptr<TransitionList>> Begin(const ListContext& context,
                                                               const v1::ListTransitionsRequest& request);

  // Reads on. True: the page is complete; else call again. Always with the same `response`, empty at first.
  // Transitions that share a revision are on one page, which may therefore be a little larger than was asked
  // for.
  absl::StatusOr<bool> Step(v1::ListTransitionsResponse& response);

 private:
  TransitionList(const ListContext& context, core::Filter filter, std::size_t page_size, common::WallTime now)
      : context_(context), filter_(std::move(filter)), page_size_(page_size), now_(now) {}
  core::PageQuery Query() const { return {"ListTransitions", filter_.text(), query_.newest_first}; }

  const ListContext context_;
  const core::Filter filter_;
  const std::size_t page_size_;
  const common::WallTime now_;  // what ages in the filter are measured to
  storage::HistoryQuery query_;
  std::uint64_t at_ = 0;  // the last revision that was looked at
  std::size_t bytes_ = 0;
  storage::RevisionGaps gaps_;  // of what was read, joined
};

}  // namespace liveness::rpc
