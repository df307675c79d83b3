// Where a list goes on. A token is bound to what was asked, refuses edits, and
// holds no state of a server: it works after a restart and on any server that
// has the same key. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/record/seal.h"

namespace liveness::core {

// What has to stay the same from page to page. The page size may change.
struct PageQuery {
  std::string_view method;  // e.g. "ListClients"
  std::string_view filter;  // as it was written
  bool descending = false;
  std::string_view order_by = {};  // the field; empty: the one that the list is kept in order of
};

// `position` is the last entry of the page: a client's id, a revision, an
// OrderPosition. Not empty.
std::string EncodePageToken(const PageQuery& query, std::string_view position, const MacFunction& mac);

// The position; empty for an empty token, the first page. INVALID_ARGUMENT:
//   BAD_PAGE_TOKEN       not one of ours, or edited
//   PAGE_TOKEN_MISMATCH  of another filter, order or method
absl::StatusOr<std::string> DecodePageToken(const PageQuery& query, std::string_view token,
                                            const MacFunction& mac);

}  // namespace liveness::core
