#include "server/registry/records/ended_sessions.h"

#include <iterator>

#include "server/core/fleet/scopes.h"

namespace liveness::registry {

void EndedSessions::Add(const core::ClientRecord& record) {
  if (!all_.emplace(record.revision, record.client_id()).second) return;
  const std::string voice = core::VoiceOf(record);
  Ends& ends = by_voice_[voice];
  ends.emplace(record.revision, record.client_id());
  Resize(voice, ends.size() - 1, ends.size());
}

void EndedSessions::Remove(const core::ClientRecord& record) {
  if (all_.erase({record.revision, record.client_id()}) == 0) return;
  const std::string voice = core::VoiceOf(record);
  const auto at = by_voice_.find(voice);
  at->second.erase({record.revision, record.client_id()});
  Resize(voice, at->second.size() + 1, at->second.size());
  if (at->second.empty()) by_voice_.erase(at);
}

std::string_view EndedSessions::First() const {
  if (all_.empty()) return {};
  const auto& [size, voice] = *std::prev(sizes_.end());
  const Ends& ends = size > all_.size() / 2 ? by_voice_.find(voice)->second : all_;
  return ends.begin()->second;
}

void EndedSessions::Resize(const std::string& voice, std::size_t before, std::size_t after) {
  if (before != 0) sizes_.erase({before, voice});
  if (after != 0) sizes_.emplace(after, voice);
}

}  // namespace liveness::registry
