#include "server/rpc/query/paging.h"

#include <algorithm>
#include <charconv>

#include "common/limits.h"
#include "common/status.h"

namespace liveness::rpc {

absl::StatusOr<std::size_t> PageSize(std::int32_t wanted) {
  if (wanted < 0) return common::BadFields("BAD_PAGE_SIZE", {{"page_size", "is negative"}});
  if (wanted == 0) return common::kDefaultPageSize;
  return std::min<std::size_t>(wanted, common::kMaxPageSize);
}

std::string RevisionPosition(std::uint64_t revision) { return std::to_string(revision); }

absl::StatusOr<std::uint64_t> ParseRevisionPosition(const std::string& position) {
  std::uint64_t revision = 0;
  const char* const end = position.data() + position.size();
  const auto [stopped, error] = std::from_chars(position.data(), end, revision);
  if (error == std::errc() && stopped == end) return revision;
  return common::BadFields("BAD_PAGE_TOKEN", {{"page_token", "does not hold a revision"}});
}

}  // namespace liveness::rpc
