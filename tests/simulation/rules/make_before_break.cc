#include "tests/simulation/rules/make_before_break.h"

#include <algorithm>

namespace liveness::simulation {

using core::State;

void MakeBeforeBreak::OnTold(const core::TransitionPtr& told, MonoTime now) {
  const core::ClientRecord& after = *told->after;
  const auto unheard = unheard_.find(after.client_id());
  if (unheard != unheard_.end() && !core::IsLive(after.state)) unheard_.erase(unheard);
  if (told->before == nullptr || (after.state != State::kSuspect && after.state != State::kDead)) return;
  if (told->before->evidence == after.evidence || after.evidence == nullptr) return;
  if (after.evidence->stream_end == core::StreamEnd::kNone) return;
  const auto moments = truth_.At(after.client_id(), truth_.Decided(*told, now));
  const bool had_one = std::all_of(moments.begin(), moments.end(), [&](const Moment& moment) {
    return moment.has_stream && moment.line->incarnation == after.incarnation;
  });
  if (!had_one) return;
  Complain(Who(after) + " " + std::string(core::Name(after.state)) + " for the end of a stream",
           "silence, as it has another", std::string(core::Name(after.cause)));
}

void MakeBeforeBreak::OnTakeOver(const Line& line, std::optional<registry::TouchResult> touch, MonoTime now) {
  if (touch == registry::TouchResult::kStale) unheard_[line.client_id] = {line.incarnation, now};
}

void MakeBeforeBreak::OnShown(const std::vector<core::RecordPtr>& records, MonoTime now) {
  for (const core::RecordPtr& record : records) {
    const auto unheard = unheard_.find(record->client_id());
    if (unheard == unheard_.end() || !core::IsLive(record->state)) continue;
    if (unheard->second.incarnation != record->incarnation) continue;
    // Its end may wait for the store.
    if (truth_.LeastUptime(unheard->second.at, now) <= truth_.commit_slack) continue;
    Complain(Who(*record) + " spoke on a stream that stood by", "to be heard",
             "it was told that it is stale");
  }
}

}  // namespace liveness::simulation
