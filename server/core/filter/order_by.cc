#include "server/core/filter/order_by.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/status.h"
#include "common/strings.h"

namespace liveness::core {
namespace {

std::string Allowed(std::initializer_list<std::string_view> fields) {
  const std::string_view last = *(fields.end() - 1);
  if (fields.size() == 1) return common::StrCat("must be \"", last, "\" or \"", last, " desc\"");
  std::string text = "must be one of ";
  for (const std::string_view field : fields) {
    if (field == last) {
      text += " or ";
    } else if (field != *fields.begin()) {
      text += ", ";
    }
    text += field;
  }
  return text + ", each also with \" desc\" after it";
}

}  // namespace

absl::StatusOr<OrderBy> ParseOrderBy(std::string_view text, std::initializer_list<std::string_view> fields) {
  const std::vector<std::string> words =
      absl::StrSplit(common::ToAbsl(text), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  if (words.empty()) return OrderBy{.field = *fields.begin()};
  const auto field = std::find(fields.begin(), fields.end(), words[0]);
  const bool descending = words.size() == 2 && words[1] == "desc";
  if (field != fields.end() && (words.size() == 1 || descending)) return OrderBy{*field, descending};
  return common::BadFields("BAD_ORDER_BY", {{"order_by", Allowed(fields)}});
}

}  // namespace liveness::core
