// Records as a watcher may compare them.
#pragma once

#include <map>
#include <string>

#include "server/core/record/record.h"

namespace liveness::simulation {

// All that a watch promises to get right: every field but the vitals, and but
// `attachment`, which a resume on an unchanged address raises without a
// transition (DESIGN section 3); there it may only be greater than what was told.
inline bool SameRecord(const core::ClientRecord& shown, const core::ClientRecord& told) {
  if (&shown == &told) return true;
  return shown.attachment >= told.attachment && shown.info == told.info && shown.evidence == told.evidence &&
         *shown.server_id == *told.server_id && shown.incarnation == told.incarnation &&
         shown.revision == told.revision && shown.register_time == told.register_time &&
         shown.state_time == told.state_time && shown.interval == told.interval &&
         shown.timeout == told.timeout && shown.resume_grace == told.resume_grace &&
         shown.state == told.state && shown.health == told.health && shown.cause == told.cause &&
         shown.flapping == told.flapping;
}

// What is known of all clients, by id.
using Picture = std::map<std::string, core::RecordPtr, std::less<>>;

// As watch.h has it: a transition counts only if it is younger than the record.
inline void Put(Picture& picture, const core::RecordPtr& record) {
  const std::string_view id = record->client_id();
  const auto at = picture.find(id);
  if (at != picture.end() && at->second->revision >= record->revision) return;
  if (record->state == core::State::kForgotten) {
    if (at != picture.end()) picture.erase(at);
  } else if (at != picture.end()) {
    at->second = record;
  } else {
    picture.emplace(id, record);
  }
}

}  // namespace liveness::simulation
