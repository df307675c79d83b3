// What filters may ask of the audit log's entries (core/filter/filter.h): all of their fields, and `age`.
// Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/clock.h"
#include "server/auth/audit/audit_event.h"
#include "server/core/filter/filter_schema.h"

namespace liveness::auth {

const core::FilterSchema& AuditSchema();

// Refers to its argument: make one for each entry, on the stack.
class AuditFields final : public core::FieldSource {
 public:
  AuditFields(const AuditEvent& event, common::WallTime now) : event_(event), now_(now) {}

  std::string_view Text(core::FieldId field) const override;
  std::optional<std::int64_t> Number(core::FieldId field) const override;
  std::optional<std::string_view> Label(std::string_view) const override { return std::nullopt; }

 private:
  const AuditEvent& event_;
  const common::WallTime now_;
};

}  // namespace liveness::auth
