// How many clients have which value of a chosen label, by state, kept up to date by every transition.
//
// Bounded: the first kMostValues values of a label that are seen keep a count of their own for as long as the
// process lives, also once nobody has them any more, so that an alert on a value whose last client went sees
// 0 and not nothing. All further values share one, under the name `other`, as does a value of that name. A
// client without the label counts under the empty value.
//
// Not thread-safe: the registry guards it with its lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/record/record.h"

namespace liveness::registry {

struct LabelValues {
  static constexpr std::string_view kOther = "other";
  using ByState = std::array<std::int64_t, static_cast<std::size_t>(core::kLastState) + 1>;

  std::string key;
  std::map<std::string, ByState, std::less<>> values;  // kOther among them once there is one
};

class LabelCounts {
 public:
  static constexpr std::size_t kMostValues = 100;

  explicit LabelCounts(const std::vector<std::string>& keys);

  // `sign` is +1 or -1.
  void Add(const core::ClientRecord& record, std::int64_t sign);
  const std::vector<LabelValues>& labels() const { return labels_; }

 private:
  std::vector<LabelValues> labels_;
};

}  // namespace liveness::registry
