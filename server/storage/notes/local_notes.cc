#include "server/storage/notes/local_notes.h"

namespace liveness::storage {

using common::MutexLock;

void LocalNotes::Stand(std::function<void()>) {
  MutexLock lock(mu_);
  stands_ = true;
  ++terms_;
}

void LocalNotes::StandDown() {
  MutexLock lock(mu_);
  stands_ = false;
}

std::uint64_t LocalNotes::term() const {
  MutexLock lock(mu_);
  return stands_ ? terms_ : 0;
}

Notes::Texts LocalNotes::Read(std::uint64_t term, std::string_view prefix) const {
  MutexLock lock(mu_);
  if (!stands_ || term != terms_) return {};
  return WithPrefix(notes_, prefix);
}

void LocalNotes::Write(std::uint64_t term, std::string_view key, std::string_view value) {
  {
    MutexLock lock(mu_);
    if (!stands_ || term != terms_) return;
    if (value.empty()) {
      notes_.erase(std::string(key));
    } else {
      notes_[std::string(key)] = value;
    }
    unsaved_.insert(std::string(key));
  }
  if (changed_) changed_();
}

absl::Status LocalNotes::health() const {
  MutexLock lock(mu_);
  return health_;
}

void LocalNotes::Load(Texts kept) {
  MutexLock lock(mu_);
  notes_ = std::move(kept);
}

Notes::Texts LocalNotes::TakeUnsaved() {
  MutexLock lock(mu_);
  Texts taken;
  for (const std::string& key : std::exchange(unsaved_, {})) taken[key] = ValueOf(notes_, key);
  return taken;
}

void LocalNotes::Saved() {
  MutexLock lock(mu_);
  health_ = absl::OkStatus();
}

void LocalNotes::NotSaved(const Texts& taken, absl::Status why) {
  MutexLock lock(mu_);
  for (const auto& [key, value] : taken) unsaved_.insert(key);
  health_ = std::move(why);
}

std::string ValueOf(const Notes::Texts& notes, std::string_view key) {
  const auto at = notes.find(key);
  return at == notes.end() ? std::string() : at->second;
}

Notes::Texts WithPrefix(const Notes::Texts& notes, std::string_view prefix) {
  Notes::Texts found;
  for (auto at = notes.lower_bound(prefix); at != notes.end() && at->first.starts_with(prefix); ++at) {
    found.insert(*at);
  }
  return found;
}

}  // namespace liveness::storage
