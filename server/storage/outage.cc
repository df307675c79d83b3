#include "server/storage/outage.h"

#include <algorithm>
#include <utility>

namespace liveness::storage {

void Outage::Failed(std::uint64_t last, common::MonoTime now) {
  if (!active_) gap_ = {last, last};
  active_ = true;
  retry_at_ = now + pause_;
  pause_ = std::min(2 * pause_, kMaxRetry);
}

void Outage::Told(core::RecordPtr after) {
  gap_.until = after->revision;
  std::string client_id(after->client_id());
  latest_.insert_or_assign(std::move(client_id), std::move(after));
}

std::vector<core::RecordPtr> Outage::Latest() const {
  std::vector<core::RecordPtr> latest;
  latest.reserve(latest_.size());
  for (const auto& [client_id, record] : latest_) latest.push_back(record);
  return latest;
}

}  // namespace liveness::storage
