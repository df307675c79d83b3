#include "server/registry/watch/record_filter.h"

#include <memory>
#include <utility>

#include "server/core/record/client_fields.h"

namespace liveness::registry {

RecordFilter MakeRecordFilter(core::Filter filter) {
  if (filter.matches_all()) return nullptr;
  return [shared = std::make_shared<const core::Filter>(std::move(filter))](
             const core::ClientRecord& record) { return shared->Matches(core::ClientFields(record)); };
}

}  // namespace liveness::registry
