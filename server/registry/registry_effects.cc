// What a change makes known, once the lock is gone. See registry.h.
#include <utility>

#include "server/registry/records/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using core::MonoTime;

void Registry::CarryOut(Effects& effects) {
  for (const auto& done : effects.dones) done.on_committed(done.record);
  for (const auto& end : effects.ends) end.stream->End(end.why);
  for (const auto& probe : effects.probes) probe.stream->Probe(probe.sequence);
  if (options_.on_notice) {
    for (const std::string& notice : effects.notices) options_.on_notice(notice);
  }
  if (effects.earlier_tick != MonoTime::max() && wake_detector_) wake_detector_(effects.earlier_tick);
  if (effects.publish && wake_publisher_) wake_publisher_();
  if (!tell_witness_) return;
  for (const WitnessEvent& event : effects.witness) tell_witness_(event);
}

void Registry::OnEarlierDeadline(std::function<void(MonoTime)> wake) { wake_detector_ = std::move(wake); }

void Registry::OnPending(std::function<void()> wake) {
  wake_publisher_ = std::move(wake);
  hub_.OnWork(wake_publisher_);
}

}  // namespace liveness::registry
