#include "server/storage/etcd/etcd_notes.h"

#include <iterator>
#include <utility>

#include "server/storage/notes/local_notes.h"

namespace liveness::storage::etcd {

using common::MutexLock;

void EtcdNotes::Stand(std::function<void()> changed) {
  {
    MutexLock telling(telling_);
    changed_ = std::move(changed);
  }
  {
    MutexLock lock(mu_);
    ++stands_;
    standing_ = true;
    told_ = 0;
  }
  wake_();
}

void EtcdNotes::StandDown() {
  {
    MutexLock lock(mu_);
    if (!standing_) return;
    standing_ = false;
    term_ = 0;
  }
  {
    MutexLock telling(telling_);
    changed_ = nullptr;
  }
  wake_();
}

std::uint64_t EtcdNotes::TermLocked() const { return clock_.Mono() < until_ ? term_ : 0; }

std::uint64_t EtcdNotes::term() const {
  MutexLock lock(mu_);
  return TermLocked();
}

Notes::Texts EtcdNotes::Read(std::uint64_t term, std::string_view prefix) const {
  MutexLock lock(mu_);
  if (term == 0 || term != TermLocked()) return {};
  return WithPrefix(notes_, prefix);
}

void EtcdNotes::Write(std::uint64_t term, std::string_view key, std::string_view value) {
  {
    MutexLock lock(mu_);
    if (term == 0 || term != TermLocked()) return;
    if (value.empty()) {
      notes_.erase(std::string(key));
    } else {
      notes_[std::string(key)] = value;
    }
    unsaved_.insert(std::string(key));
  }
  wake_();
}

absl::Status EtcdNotes::health() const {
  MutexLock lock(mu_);
  return health_;
}

void EtcdNotes::OnWork(std::function<void()> wake) { wake_ = std::move(wake); }

std::uint64_t EtcdNotes::stand() const {
  MutexLock lock(mu_);
  return standing_ ? stands_ : 0;
}

void EtcdNotes::Lead(std::uint64_t stand, std::uint64_t term, Texts notes) {
  {
    MutexLock lock(mu_);
    if (!standing_ || stand != stands_) return;  // the claim is given back then
    term_ = term;
    notes_ = std::move(notes);
    unsaved_.clear();
    health_ = absl::OkStatus();
  }
  Tell();
}

void EtcdNotes::Lose() {
  {
    MutexLock lock(mu_);
    term_ = 0;
    notes_.clear();
    unsaved_.clear();
    health_ = absl::OkStatus();
  }
  Tell();
}

void EtcdNotes::LeadUntil(common::MonoTime until) {
  {
    MutexLock lock(mu_);
    until_ = until;
  }
  Tell();
}

void EtcdNotes::Tell() {
  {
    MutexLock lock(mu_);
    const std::uint64_t term = TermLocked();
    if (std::exchange(told_, term) == term) return;
  }
  MutexLock telling(telling_);
  if (changed_) changed_();
}

Notes::Texts EtcdNotes::TakeUnsaved(std::size_t most) {
  MutexLock lock(mu_);
  Texts taken;
  while (!unsaved_.empty() && taken.size() < most) {
    const auto key = unsaved_.extract(std::prev(unsaved_.end()));
    taken[key.value()] = ValueOf(notes_, key.value());
  }
  return taken;
}

void EtcdNotes::Saved() {
  MutexLock lock(mu_);
  health_ = absl::OkStatus();
}

void EtcdNotes::NotSaved(const Texts& taken, absl::Status why) {
  MutexLock lock(mu_);
  for (const auto& [key, value] : taken) unsaved_.insert(key);
  health_ = std::move(why);
}

bool EtcdNotes::has_unsaved() const {
  MutexLock lock(mu_);
  return !unsaved_.empty();
}

}  // namespace liveness::storage::etcd
