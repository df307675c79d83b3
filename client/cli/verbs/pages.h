// Lists that a server tells page by page.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/api/api.h"
#include "common/limits.h"

namespace liveness::cli {

inline int ItemCount(const v1::ListClientsResponse& page) { return page.clients_size(); }
inline int ItemCount(const v1::ListTransitionsResponse& page) { return page.transitions_size(); }
inline int ItemCount(const v1::ListAuditEventsResponse& page) { return page.audit_events_size(); }

// Calls `on_page` with each page of what `list` (&Api::ListClients) answers to `request`, until the last one,
// until there were `limit` items (0: all of them), until `on_page` returns false, or until an error, which is
// returned.
template <typename Request, typename Response, typename OnPage>
absl::Status EachPage(Api& api, absl::StatusOr<Response> (Api::*list)(const Request&), Request request,
                      std::int64_t limit, const OnPage& on_page) {
  std::int64_t left = limit;
  do {
    request.set_page_size(limit > 0 ? static_cast<int>(std::min<std::int64_t>(left, common::kMaxPageSize))
                                    : common::kMaxPageSize);
    const absl::StatusOr<Response> page = (api.*list)(request);
    if (!page.ok()) return page.status();
    if (!on_page(*page)) break;
    left -= ItemCount(*page);
    // It would go on for ever.
    if (!request.page_token().empty() && page->next_page_token() == request.page_token()) {
      return absl::DataLossError("the server names the same page as the next one again");
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() && (limit == 0 || left > 0));
  return absl::OkStatus();
}

}  // namespace liveness::cli
