// The checks of ids, labels and texts that server and client library share:
// the server refuses with them, the library tells its user before it dials.
//
// Each appends what is wrong to `violations` (not owned, not null), at most one
// entry for a value, named by `field`, e.g. "hello.client_id". Descriptions
// never hold raw bytes of the value, so they are fit for a log and for the
// wire. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/limits.h"
#include "common/status.h"

namespace liveness::common {

// Wrong labels that are named one by one: an answer must fit into a trailer.
inline constexpr int kMaxLabelViolations = 8;

// 1 to kMaxIdBytes bytes of UTF-8 without control characters.
void CheckId(std::string_view field, std::string_view value, std::vector<FieldViolation>* violations);

// At most `max_bytes` of UTF-8 without control characters; may be empty.
void CheckText(std::string_view field, std::string_view value, std::size_t max_bytes,
               std::vector<FieldViolation>* violations);

// As above, but line breaks and tabs are allowed: for texts of several lines.
void CheckMultilineText(std::string_view field, std::string_view value, std::size_t max_bytes,
                        std::vector<FieldViolation>* violations);

// False if there are more than kMaxLabels.
bool CheckLabelCount(std::string_view field, std::size_t count, std::vector<FieldViolation>* violations);

// False if the key (1 to kMaxLabelKeyBytes) or the value (up to
// kMaxLabelValueBytes) is wrong. The entry is named field["key"].
bool CheckLabel(std::string_view field, std::string_view key, std::string_view value,
                std::vector<FieldViolation>* violations);

// All of the above for a map of text to text, also a Protobuf one. Too many
// labels are one violation; of wrong ones the first kMaxLabelViolations are named.
template <typename Map>
void CheckLabels(std::string_view field, const Map& labels, std::vector<FieldViolation>* violations) {
  if (!CheckLabelCount(field, labels.size(), violations)) return;
  int wrong = 0;
  for (const auto& [key, value] : labels) {
    if (!CheckLabel(field, key, value, violations) && ++wrong == kMaxLabelViolations) return;
  }
}

}  // namespace liveness::common
