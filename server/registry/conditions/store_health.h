// Whether the store takes what is decided, and whether the other servers of a shared one take this server for
// present.
//
// Not thread-safe: guarded by the registry's lock, but for what says "Any thread".
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "server/registry/records/effects.h"
#include "server/storage/store.h"

namespace liveness::registry {

class StoreHealth {
 public:
  // `store` outlives it. `restart_grace`: RegistryOptions'.
  StoreHealth(const storage::Store& store, core::Duration restart_grace)
      : store_(store), restart_grace_(restart_grace) {}

  // Asks the store, if it was not asked just now, and tells what has changed.
  void Follow(core::MonoTime now, Effects& effects);

  // The store failed when it was last asked by Follow.
  bool fails() const { return fails_; }
  // When a shared store last began to commit again. The time of orphans counts from here, because none of
  // them could come back to any server while the store failed. MonoTime::min(): it never failed.
  core::MonoTime back_since() const { return back_since_; }

  // OK, or why nothing can be committed now. Any thread.
  absl::Status AskStore() const { return store_.health(); }
  bool shared() const { return store_.shared(); }

  // For how long from `now` no server says DEAD, for silence, of a client that this one suspects after `due`,
  // at most its `timeout`: `due`, or less if the others may take this server for gone before. Any thread.
  core::Duration Vouch(core::Duration due, core::Duration timeout, core::MonoTime now) const;

 private:
  void FollowLease(core::MonoTime now, Effects& effects);

  const storage::Store& store_;
  const core::Duration restart_grace_;
  // When the others last had to take this server for present; max(): there are none.
  std::atomic<std::int64_t> present_at_{core::MonoTime::max().time_since_epoch().count()};
  core::MonoTime asked_at_{};
  bool fails_ = false;
  core::MonoTime failed_at_{};
  core::MonoTime back_since_ = core::MonoTime::min();
  bool lease_lost_ = false;
  core::MonoTime lease_lost_at_{};
};

}  // namespace liveness::registry
