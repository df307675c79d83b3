#include "server/storage/outage.h"

#include <algorithm>
#include <utility>

#include "common/strings.h"

namespace liveness::storage {

void Outage::Failed(std::uint64_t last, common::MonoTime now) {
  if (!active_) {
    gap_ = {last, last};
    written_ = 0;
  }
  active_ = true;
  retry_at_ = now + pause_;
  pause_ = std::min(2 * pause_, kMaxRetry);
}

void Outage::Told(core::RecordPtr after) {
  gap_.until = after->revision;
  std::string client_id(after->client_id());
  latest_.insert_or_assign(std::move(client_id), std::move(after));
}

std::vector<core::RecordPtr> Outage::Some(std::size_t most) const {
  std::vector<core::RecordPtr> some;
  some.reserve(std::min(most, latest_.size()));
  for (auto at = latest_.begin(); at != latest_.end() && some.size() < most; ++at) some.push_back(at->second);
  return some;
}

bool Outage::Wrote(const std::vector<core::RecordPtr>& some) {
  for (const core::RecordPtr& record : some) latest_.erase(common::ToAbsl(record->client_id()));
  written_ += some.size();
  pause_ = kFirstRetry;
  if (!latest_.empty()) return false;
  active_ = false;
  gap_ = {};
  return true;
}

}  // namespace liveness::storage
