// What filters may ask of clients and of transitions. See filter.h.
//
// Three schemas, for not every question makes sense everywhere:
//   ClientSchema      lists: all of a record, and what moves with every
//                     heartbeat or with time itself (ages, rtt, deadline)
//   WatchSchema       watches: a record only. What moves without a transition
//                     would be asked only when something else happens to change
//   TransitionSchema  history: the record after the transition, and the
//                     transition itself (from_state, to_state, time, age ...)
// Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/core/filter/filter_schema.h"
#include "server/core/record/record.h"

namespace liveness::core {

const FilterSchema& ClientSchema();
const FilterSchema& WatchSchema();
const FilterSchema& TransitionSchema();

// One moment on the two clocks that ages are measured on.
struct Moment {
  MonoTime mono{};
  WallTime wall{};
};

// When the client was last heard. Of one that has ended, or is suspected, and that this process has not heard
// itself, because it ended before a restart or on another server, the evidence tells. None if nobody knows.
std::optional<WallTime> LastHeartbeat(const ClientRecord& record, const Vitals& vitals, const Moment& now);

// For ClientSchema, and without vitals for WatchSchema. Refers to its arguments:
// make one for each record, on the stack.
class ClientFields final : public FieldSource {
 public:
  explicit ClientFields(const ClientRecord& record) : record_(record) {}
  ClientFields(const ClientRecord& record, const Vitals& vitals, const Moment& now)
      : record_(record), vitals_(&vitals), now_(now) {}

  std::string_view Text(FieldId field) const override;
  std::optional<std::int64_t> Number(FieldId field) const override;
  std::optional<std::string_view> Label(std::string_view key) const override;

 private:
  const ClientRecord& record_;
  const Vitals* vitals_ = nullptr;
  Moment now_{};
};

// For TransitionSchema.
class TransitionFields final : public FieldSource {
 public:
  TransitionFields(const Transition& transition, WallTime now)
      : transition_(transition), after_(*transition.after), now_(now) {}

  std::string_view Text(FieldId field) const override { return after_.Text(field); }
  std::optional<std::int64_t> Number(FieldId field) const override;
  std::optional<std::string_view> Label(std::string_view key) const override { return after_.Label(key); }

 private:
  const Transition& transition_;
  const ClientFields after_;
  const WallTime now_;
};

}  // namespace liveness::core
