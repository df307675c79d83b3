// The notes of a shared store, as the rest of the server sees them. Who leads is found out by the claim
// (claim.h), on the loop's thread; here is what it found.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/storage/notes/notes.h"

namespace liveness::storage::etcd {

class EtcdNotes final : public Notes {
 public:
  // `clock` outlives it.
  explicit EtcdNotes(const common::Clock& clock) : clock_(clock) {}

  void Stand(std::function<void()> changed) override;
  void StandDown() override;
  std::uint64_t term() const override;
  Texts Read(std::uint64_t term, std::string_view prefix) const override;
  void Write(std::uint64_t term, std::string_view key, std::string_view value) override;
  absl::Status health() const override;

  // --- The claim's --------------------------------------------------------------

  // `wake` is called when the claim has something to do. Before the loop runs.
  void OnWork(std::function<void()> wake);
  // Another number for each time that this server stands; 0 while it does not.
  std::uint64_t stand() const;
  // It leads from now on, as the one that stands by the number `stand`, and these are the notes.
  void Lead(std::uint64_t stand, std::uint64_t term, Texts notes);
  // It leads no longer.
  void Lose();
  // A claim that is not lost ends at `until`, unless it is moved on. Says so when it has.
  void LeadUntil(common::MonoTime until);

  // What was written and is not taken yet, some of it, the last keys first; an empty value: the note is
  // dropped. What a server wrote while it led stays after it stands down.
  Texts TakeUnsaved(std::size_t most);
  void Saved();
  // What was taken is not in etcd, as far as is known.
  void NotSaved(const Texts& taken, absl::Status why);
  bool has_unsaved() const;

 private:
  std::uint64_t TermLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Tells `changed_` if term() is another than was told.
  void Tell();

  const common::Clock& clock_;
  std::function<void()> wake_;  // set before the loop runs

  mutable common::Mutex mu_;
  std::uint64_t stands_ ABSL_GUARDED_BY(mu_) = 0;  // times that it stood
  bool standing_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t term_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t told_ ABSL_GUARDED_BY(mu_) = 0;
  common::MonoTime until_ ABSL_GUARDED_BY(mu_){};
  Texts notes_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> unsaved_ ABSL_GUARDED_BY(mu_);  // keys
  absl::Status health_ ABSL_GUARDED_BY(mu_);

  common::Mutex telling_;  // held while `changed_` is called, so that StandDown() may wait for it
  std::function<void()> changed_ ABSL_GUARDED_BY(telling_);
};

}  // namespace liveness::storage::etcd
