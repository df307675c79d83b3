#include "server/registry/life/maintenance_pass.h"

#include <string>
#include <utility>

#include "server/registry/conditions/work_slice.h"
#include "server/registry/life/maintenance.h"

namespace liveness::registry {

MaintenancePass::MaintenancePass(const MaintenanceRequest& request, std::uint64_t revision)
    : request_(request), result_{.cursor = request.cursor} {
  if (!result_.cursor.began) result_.cursor.began = revision;
}

ScanRequest MaintenancePass::scan() const {
  return {.after = request_.cursor.after,
          .limit = WorkSlice::kMost,
          .matches = request_.matches,
          .filter_cost = request_.filter_cost};
}

void MaintenancePass::Choose(ScanResult seen) {
  result_.cursor.after = std::move(seen.cursor);
  result_.done = seen.done;
  for (core::ClientView& view : seen.views) {
    if (chosen_.size() >= WorkSlice::kMost) {
      result_.cursor.after = std::string(chosen_.back().record->client_id());
      result_.done = false;
      break;
    }
    if (IsDue(view)) chosen_.push_back(std::move(view));
  }
  result_.matched = static_cast<std::int64_t>(chosen_.size());
}

void MaintenancePass::ChooseOne(std::optional<core::ClientView> view) {
  ScanResult seen{.cursor = std::move(result_.cursor.after), .done = true};
  if (view) seen.views.push_back(*std::move(view));
  Choose(std::move(seen));
}

bool MaintenancePass::IsDue(const core::ClientView& view) const {
  const bool known = result_.cursor.again && (view.record->revision <= *result_.cursor.began ||
                                              Maintenance::Of(*view.record) == request_.until);
  return !known && (!request_.matches || request_.matches(*view.record, view.vitals));
}

void MaintenancePass::LookAgain() {
  std::erase_if(changed_, [&](const auto& view) { return !request_.matches(*view.record, view.vitals); });
  chosen_ = std::exchange(changed_, {});
  next_ = 0;
  ++look_;
}

MaintenanceResult MaintenancePass::Finish() {
  const bool was_first = !result_.cursor.again && request_.client_id.empty();
  if (result_.done && was_first) {
    result_.cursor = {.after = "", .began = result_.cursor.began, .again = true};
    result_.done = false;
  }
  return std::move(result_);
}

}  // namespace liveness::registry
