#include "server/registry/records/session_streams.h"

#include <algorithm>
#include <utility>

#include "common/status.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/records/standbys.h"

namespace liveness::registry {

using core::Cause;

std::uint64_t NextAttachment(const Session& session) {
  const SessionExtras* extras = session.state().extras.get();
  const std::uint64_t last = extras == nullptr ? 0 : extras->last_attachment;
  return std::max(session.record()->attachment, last) + 1;
}

void EndStandbys(Session& session, const absl::Status& why, Effects& effects) {
  const SessionExtras* extras = session.state().extras.get();
  if (extras == nullptr || extras->standbys == nullptr) return;
  for (Standby& standby : extras->standbys->TakeAll()) {
    effects.ends.push_back({std::move(standby.hello.stream), why});
  }
}

void EndStreams(Session& session, const absl::Status& why, Effects& effects) {
  std::shared_ptr<StreamHandle> stream = std::exchange(session.state().stream, nullptr);
  if (stream != nullptr) effects.ends.push_back({std::move(stream), why});
  EndStandbys(session, why, effects);
}

void LoseStreams(Session& session, std::uint64_t known, const absl::Status& why, Effects& effects) {
  EndStreams(session, why, effects);
  const std::uint64_t ours = session.record()->attachment;
  if (session.is_local() && ours >= known) {
    std::uint64_t& last = session.state().MakeExtras().last_attachment;
    last = std::max(last, ours);
  }
  session.set_local(false);
  session.Unbind();
  session.SetSuspected(false);
}

absl::Status WhyLost(const core::ClientRecord& ours, const core::ClientRecord& theirs) {
  if (theirs.cause == Cause::kEvicted) return EvictedError();
  if (theirs.cause == Cause::kSuperseded) {
    // The same instance began anew at another server: the instance stays welcome, and only its old token is
    // over.
    const bool by_itself = theirs.annex != nullptr && !theirs.annex->banned.empty() &&
                           theirs.annex->banned.back().instance_id.empty();
    return by_itself ? ReplacedError() : SupersededError();
  }
  if (theirs.info.instance_id() != ours.info.instance_id()) return SupersededError();
  if (core::IsLive(theirs.state)) return ReplacedError();
  return common::Error(absl::StatusCode::kDeadlineExceeded, "SILENT",
                       "another server gave this session up while this one was cut off");
}

}  // namespace liveness::registry
