// The first so many of all clients in order of a value that no index keeps: of those that are offered, in any
// order, the best are kept in a heap. What it holds does not grow with how many are offered, and it looks at
// each of them: the first of a sample would be wrong.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "server/core/filter/filter_schema.h"
#include "server/core/filter/order_position.h"
#include "server/core/record/record.h"

namespace liveness::rpc {

class TopClients {
 public:
  // In order of `field`, a number's or a time's name in core::ClientSchema(). Kept are the first `limit` that
  // come after `after`, which may be nothing, and one more. Times of the monotonic clock are compared as wall
  // times, that clock being `wall_lead` ahead of it.
  TopClients(std::string_view field, bool descending, std::size_t limit,
             std::optional<core::OrderPosition> after, common::Duration wall_lead);

  // Whether Offer would keep the client now.
  bool Wants(const core::ClientRecord& record, const core::Vitals& vitals) const;
  // REQUIRES: no other view of the same client was offered.
  void Offer(core::ClientView view);

  struct Entry {
    core::ClientView view;
    std::optional<std::int64_t> value;
  };
  // What is kept, in order: at most `limit` + 1. Once.
  std::vector<Entry> Take();

 private:
  std::optional<std::int64_t> ValueOf(const core::ClientRecord& record, const core::Vitals& vitals) const;
  bool Wants(const core::OrderKey& key) const;
  bool ComesBefore(const Entry& a, const Entry& b) const;

  const core::FieldId field_;
  const bool descending_;
  const std::size_t most_;
  const std::optional<core::OrderPosition> after_;
  const common::Duration wall_lead_;
  std::vector<Entry> heap_;  // the last in order at its front
};

}  // namespace liveness::rpc
