#include "server/app/drainer.h"

#include <string>

#include <spdlog/spdlog.h>

#include "common/duration_text.h"
#include "common/saturating.h"
#include "common/status.h"

namespace liveness::app {

Drainer::Drainer(const common::Clock& clock, registry::Registry& registry, IncidentLog& incidents)
    : clock_(clock), registry_(registry), incidents_(incidents) {}

void Drainer::Attach(rpc::HeartbeatService& heartbeat, rpc::HealthService& health) {
  heartbeat_ = &heartbeat;
  health_ = &health;
}

std::int64_t Drainer::Begin(common::Duration within, std::optional<common::Duration> length) {
  common::MutexLock lock(mu_);
  ends_at_ = length && !for_good_ ? common::SaturatingAdd(clock_.Mono(), *length) : common::MonoTime::max();
  if (length) spdlog::info("the drain ends after {}", common::FormatForPeople(*length));
  return BeginLocked(within);
}

std::int64_t Drainer::BeginForGood(common::Duration within) {
  common::MutexLock lock(mu_);
  ends_at_ = common::MonoTime::max();
  for_good_ = true;
  return BeginLocked(within);
}

std::int64_t Drainer::BeginLocked(common::Duration within) {
  registry_.SetDraining(true);
  health_->BeginDrain();
  incidents_.Begin(core::IncidentKind::kDrain);
  const std::int64_t asked = heartbeat_->Drain(within);
  spdlog::info("draining: asked {} streams to move within {}", asked, common::FormatDuration(within));
  return asked;
}

absl::StatusOr<bool> Drainer::End() {
  common::MutexLock lock(mu_);
  if (for_good_) {
    return common::Error(absl::StatusCode::kFailedPrecondition, "SERVER_STOPPING",
                         "this server was told to stop; there is no way back from that");
  }
  return EndLocked();
}

bool Drainer::EndLocked() {
  ends_at_ = common::MonoTime::max();
  const bool drained = heartbeat_->EndDrain();
  registry_.SetDraining(false);
  health_->EndDrain();
  incidents_.End(core::IncidentKind::kDrain);
  if (drained) spdlog::info("the drain has ended: this server takes clients again");
  return drained;
}

void Drainer::Look() {
  common::MutexLock lock(mu_);
  if (ends_at_.load() <= clock_.Mono()) (void)EndLocked();
}

std::optional<common::WallTime> Drainer::end_time() const {
  const common::MonoTime end = ends_at_;
  if (end == common::MonoTime::max()) return std::nullopt;
  return common::SaturatingAdd(clock_.Wall(), common::SaturatingSub(end, clock_.Mono()));
}

}  // namespace liveness::app
