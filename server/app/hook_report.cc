#include "server/app/hook_report.h"

#include <algorithm>
#include <cstdint>

#include "common/saturating.h"
#include "common/strings.h"
#include "server/rpc/convert/convert.h"

namespace liveness::app {

void DescribeHooks(const std::vector<hooks::HookState>& states,
                   google::protobuf::RepeatedPtrField<v1::Hook>& described) {
  const auto count = [](std::uint64_t number) { return static_cast<std::int64_t>(number); };
  for (const hooks::HookState& state : states) {
    v1::Hook& hook = *described.Add();
    hook.set_name(state.name);
    hook.set_receiver(common::Escape(state.receiver));
    hook.set_leader(state.leads);
    hook.set_revision(state.revision);
    hook.set_behind_count(count(state.behind));
    if (state.oldest) rpc::ToProto(*state.oldest, *hook.mutable_oldest_event_time());
    hook.set_failure_count(state.failures);
    hook.set_last_error(common::Escape(state.last_error));
    if (state.next_try) rpc::ToProto(*state.next_try, *hook.mutable_next_attempt_time());
    hook.set_taken_count(count(state.taken));
    hook.set_failed_attempt_count(count(state.failed + state.gone + state.misplaced));
    hook.set_given_up_count(count(state.given_up));
    hook.set_silenced_count(count(state.silenced));
    hook.set_gap_count(count(state.gaps));
  }
}

std::vector<http::HookSample> SampleHooks(const std::vector<hooks::HookState>& states, common::WallTime now) {
  std::vector<http::HookSample> samples;
  for (const hooks::HookState& state : states) {
    http::HookSample& sample = samples.emplace_back();
    sample.name = state.name;
    sample.taken = state.taken;
    sample.failed = state.failed;
    sample.gone = state.gone;
    sample.misplaced = state.misplaced;
    sample.given_up = state.given_up;
    sample.silenced = state.silenced;
    sample.gaps = state.gaps;
    sample.leads = state.leads;
    sample.in_flight = state.in_flight;
    if (state.oldest)
      sample.lag = std::max(common::SaturatingSub(now, *state.oldest), common::Duration::zero());
  }
  return samples;
}

}  // namespace liveness::app
