// What a watch pulls from the registry, as Server-Sent Events:
//
//   event: transition
//   id: b3f0c2:4711
//   data: {"revision":"4711",...}
//
// An event has an id, `history_id:revision`, if one can resume from it: all up to that revision was told. So
// of transitions that share a revision the last alone has one, and within a snapshot none has.
//
// The events of a batch are made once and shared by all viewers of its filter. Not thread-safe, but
// ParseEventId.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/http/exchange.h"
#include "server/registry/watch/watch.h"
#include "server/rpc/convert/client_proto.h"

namespace liveness::http {

// INVALID_ARGUMENT BAD_EVENT_ID.
absl::Status ParseEventId(std::string_view id, v1::WatchClientsRequest& request);

class SsePacker {
 public:
  // A write is closed once it holds this much.
  static constexpr std::size_t kWriteBytes = 256 * 1024;
  // So many are made in well under a millisecond.
  static constexpr std::size_t kQuickTransitions = 8;

  explicit SsePacker(std::string history_id) : history_id_(std::move(history_id)) {}

  bool empty() const { return !loaded_; }
  // True if what waits takes a while to make: a part of a snapshot, or more than kQuickTransitions that
  // nobody has made yet.
  bool heavy() const;

  // REQUIRES: empty(). An item without content leaves it empty.
  void Load(registry::WatchItem item, rpc::Moment now);
  // What to send next. REQUIRES: !empty().
  std::vector<SharedText> Next();
  // "Nothing new up to `revision`."
  SharedText Bookmark(std::uint64_t revision) const;

 private:
  void AddClients(std::vector<SharedText>& parts, std::size_t& bytes);
  void AddBatches(std::vector<SharedText>& parts, std::size_t& bytes);

  const std::string history_id_;
  bool loaded_ = false;
  registry::WatchItem item_;
  rpc::Moment now_;
  std::size_t next_client_ = 0;
  std::size_t next_batch_ = 0;
  std::size_t next_chunk_ = 0;  // in that batch
};

}  // namespace liveness::http
