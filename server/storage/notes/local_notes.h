// The notes of a store that nobody shares: all in memory, and whoever makes them durable is told what
// changed.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "common/mutex.h"
#include "server/storage/notes/notes.h"

namespace liveness::storage {

// Thread-safe.
class LocalNotes final : public Notes {
 public:
  // `changed` is called, without a lock, when there is something to save; it is quick. May be null.
  explicit LocalNotes(std::function<void()> changed = nullptr) : changed_(std::move(changed)) {}

  void Stand(std::function<void()> changed) override;
  void StandDown() override;
  std::uint64_t term() const override;
  Texts Read(std::uint64_t term, std::string_view prefix) const override;
  void Write(std::uint64_t term, std::string_view key, std::string_view value) override;
  absl::Status health() const override;

  // --- For who makes them durable ---------------------------------------------

  // Those that were kept. Before any other call.
  void Load(Texts kept);
  // What was written since the last call, as it is now; an empty value: the note is dropped.
  Texts TakeUnsaved();
  // What was taken is durable; or it is not, and TakeUnsaved() gives it once more.
  void Saved();
  void NotSaved(const Texts& taken, absl::Status why);

 private:
  const std::function<void()> changed_;
  mutable common::Mutex mu_;
  std::uint64_t terms_ ABSL_GUARDED_BY(mu_) = 0;
  bool stands_ ABSL_GUARDED_BY(mu_) = false;
  Texts notes_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> unsaved_ ABSL_GUARDED_BY(mu_);  // keys
  absl::Status health_ ABSL_GUARDED_BY(mu_);
};

// Empty if there is none.
std::string ValueOf(const Notes::Texts& notes, std::string_view key);
// Those of `notes` whose keys begin with `prefix`.
Notes::Texts WithPrefix(const Notes::Texts& notes, std::string_view prefix);

}  // namespace liveness::storage
