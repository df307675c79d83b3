#include "server/storage/etcd/checks/origin.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/random.h"

namespace liveness::storage::etcd {

std::string EncodeOrigin(const Origin& origin) {
  return absl::StrCat(origin.cluster_id, " ", origin.other_entries);
}

std::optional<Origin> DecodeOrigin(std::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), absl::MaxSplits(' ', 1));
  Origin origin;
  if (!absl::SimpleAtoi(parts.first, &origin.cluster_id)) return std::nullopt;
  if (!absl::SimpleAtoi(parts.second, &origin.other_entries)) return std::nullopt;
  return origin;
}

History NextHistory(const History& history, std::int64_t etcd_revision, std::uint64_t given,
                    common::WallTime now) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  const auto wall = static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0));
  return {common::RandomHexId().substr(0, 16), std::max({wall, history.Told(etcd_revision), given})};
}

}  // namespace liveness::storage::etcd
