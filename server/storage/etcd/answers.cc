#include "server/storage/etcd/answers.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace liveness::storage::etcd {

const etcdserverpb::RangeResponse& RangeOf(const etcdserverpb::TxnResponse& response, int number) {
  if (number >= response.responses_size()) return etcdserverpb::RangeResponse::default_instance();
  return response.responses(number).response_range();
}

Notes::Texts NotesOf(const etcdserverpb::RangeResponse& range, const Layout& layout) {
  const std::string prefix = layout.Notes();
  Notes::Texts notes;
  for (const etcdserverpb::KeyValue& kv : range.kvs()) {
    if (kv.key().starts_with(prefix)) notes.emplace(kv.key().substr(prefix.size()), kv.value());
  }
  return notes;
}

common::Duration LifetimeOf(std::int64_t ttl) {
  constexpr std::chrono::seconds kMost = std::chrono::hours(24);
  return std::clamp(std::chrono::seconds(ttl), std::chrono::seconds(0), kMost);
}

}  // namespace liveness::storage::etcd
