#include "server/registry/records/label_counts.h"

namespace liveness::registry {

LabelCounts::LabelCounts(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) labels_.push_back({.key = key});
}

void LabelCounts::Add(const core::ClientRecord& record, std::int64_t sign) {
  for (LabelValues& label : labels_) {
    const std::string_view value = record.info.FindLabel(label.key).value_or(std::string_view());
    auto at = label.values.find(value);
    if (at == label.values.end()) {
      // No value that shares `other` ever gets a count of its own, because none becomes free.
      const bool is_room = label.values.size() - label.values.count(LabelValues::kOther) < kMostValues;
      at = label.values.try_emplace(std::string(is_room ? value : LabelValues::kOther)).first;
    }
    at->second[static_cast<std::size_t>(record.state)] += sign;
  }
}

}  // namespace liveness::registry
