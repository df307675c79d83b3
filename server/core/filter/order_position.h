// Where an entry stands in a list that is put in order of a value, and where a page of it ended: a key, not a
// number of entries to leave out, so that entries which come and go before it move nothing.
//
// In order: by value, ascending or descending; entries without one last, whichever way; the same value by
// client_id. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/clock.h"

namespace liveness::core {

struct OrderKey {
  std::optional<std::int64_t> value;
  std::string_view client_id;  // of whoever made the key
};

// True if `a` comes before `b`.
bool ComesBefore(const OrderKey& a, const OrderKey& b, bool descending);

// The last entry of a page.
struct OrderPosition {
  std::size_t shown = 0;  // entries on this page and those before it
  // What the first page took for the wall clock's lead over the monotonic one, see SameLead().
  common::Duration wall_lead{};
  std::optional<std::int64_t> value;
  std::string client_id;
};

// As a page token's position.
std::string EncodeOrderPosition(const OrderPosition& position);
// INVALID_ARGUMENT BAD_PAGE_TOKEN.
absl::StatusOr<OrderPosition> DecodeOrderPosition(std::string_view text);

// Times that were read from the monotonic clock are shown on the wall's. Two looks at both clocks never agree
// on how far they are apart, and a list whose pages each took their own would show the entries at their seams
// twice or not at all. So the pages of a list go by what the first of them found, unless it makes no sense
// here any more: the wall clock was set since, or another machine found it.
common::Duration SameLead(common::Duration first, common::Duration now);

}  // namespace liveness::core
