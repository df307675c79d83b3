#include "server/auth/audit/audit_fields.h"

#include <algorithm>
#include <array>

#include "common/saturating.h"

namespace liveness::auth {
namespace {

using core::FieldType;

enum Id : core::FieldId {
  kNumber,
  kTime,
  kAge,
  kCount,
  kPrincipal,
  kAddress,
  kAction,
  kTarget,
  kOutcome,
  kReason,
  kRevision,
};

constexpr std::array<std::string_view, static_cast<std::size_t>(kLastAuditOutcome) + 1> kOutcomes = {
    Name(AuditOutcome::kUnspecified), Name(AuditOutcome::kAllowed), Name(AuditOutcome::kRefused),
    Name(AuditOutcome::kFailed)};
constexpr core::EnumNames kOutcomeNames{"AUDIT_OUTCOME_", kOutcomes};

constexpr std::array<core::FilterField, 11> kFields = {
    {{"number", kNumber, FieldType::kNumber},
     {"time", kTime, FieldType::kTime},
     {"age", kAge, FieldType::kDuration},
     {"count", kCount, FieldType::kNumber},
     {"principal", kPrincipal},
     {"address", kAddress},
     {"action", kAction},
     {"target", kTarget},
     {"outcome", kOutcome, FieldType::kEnum, &kOutcomeNames},
     {"reason", kReason},
     {"revision", kRevision, FieldType::kNumber}}};

std::int64_t Nanos(common::WallTime time) { return time.time_since_epoch().count(); }

}  // namespace

const core::FilterSchema& AuditSchema() {
  static constexpr core::FilterSchema kSchema{kFields};
  return kSchema;
}

std::string_view AuditFields::Text(core::FieldId field) const {
  switch (field) {
    case kPrincipal: return event_.principal;
    case kAddress: return event_.address;
    case kAction: return event_.action;
    case kTarget: return event_.target;
    case kReason: return event_.reason;
    default: return {};
  }
}

std::optional<std::int64_t> AuditFields::Number(core::FieldId field) const {
  switch (field) {
    case kNumber: return static_cast<std::int64_t>(event_.number);
    case kTime: return Nanos(event_.time);
    case kAge: return std::max(common::Duration::zero(), common::SaturatingSub(now_, event_.time)).count();
    case kCount: return static_cast<std::int64_t>(event_.count);
    case kOutcome: return static_cast<std::int64_t>(event_.outcome);
    case kRevision:
      if (event_.revision == 0) return std::nullopt;
      return static_cast<std::int64_t>(event_.revision);
    default: return std::nullopt;
  }
}

}  // namespace liveness::auth
