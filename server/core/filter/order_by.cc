#include "server/core/filter/order_by.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/status.h"
#include "common/strings.h"

namespace liveness::core {

absl::StatusOr<OrderBy> ParseOrderBy(std::string_view text, std::string_view field) {
  const std::vector<std::string> words =
      absl::StrSplit(common::ToAbsl(text), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  if (words.empty()) return OrderBy{};
  if (words[0] == field && words.size() == 1) return OrderBy{};
  if (words[0] == field && words.size() == 2 && words[1] == "desc") return OrderBy{.descending = true};
  return common::BadFields("BAD_ORDER_BY",
                           {{"order_by", common::StrCat("must be \"", field, "\" or \"", field, " desc\"")}});
}

}  // namespace liveness::core
