// The resume tokens of this server: which keys they are signed with, until it is given others.
#pragma once

#include <memory>
#include <utility>

#include "common/keys/resume_keys.h"
#include "common/mutex.h"
#include "server/core/record/key_ring.h"
#include "server/core/record/resume_token.h"
#include "server/storage/store.h"

namespace liveness::rpc {

// The store's own key, and those of `keys`. Each of these is bound to the store: a token names the store that
// issued it also where two stores are given one file, and to forge one takes the file and the store's key.
// Pure.
core::KeyRing MakeKeyRing(const storage::TokenKey& store, const common::ResumeKeys& keys);

// Thread-safe. Its lock is held for moments, by hellos and welcomes; no ping takes it.
class TokensInUse {
 public:
  explicit TokensInUse(core::KeyRing keys) { Replace(std::move(keys)); }

  // From the next hello and welcome on.
  void Replace(core::KeyRing keys);
  // Never null.
  std::shared_ptr<const core::ResumeTokens> Now() const;

 private:
  mutable common::Mutex mu_;
  std::shared_ptr<const core::ResumeTokens> tokens_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::rpc
