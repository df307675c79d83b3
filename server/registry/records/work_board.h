// What a client tells of its work, as its pings bring it: the progress tokens of
// the last one, and load notes of its last minute.
//
// The stream's thread writes, queries read; the board has a small lock of its own, so that a ping with
// progress does not take the registry's. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/record/last_words.h"

namespace liveness::registry {

class WorkBoard {
 public:
  using Tokens = core::ProgressTokens;

  // Takes what a ping says. Returns whether a token is stale now.
  bool Put(std::vector<core::Progress> progress, const std::optional<core::Load>& load, common::Duration rtt,
           common::WallTime now) {
    auto tokens =
        progress.empty() ? nullptr : std::make_shared<const std::vector<core::Progress>>(std::move(progress));
    const bool stale = tokens != nullptr && core::IsAnyStale(*tokens);
    common::MutexLock lock(mu_);
    tokens_ = std::move(tokens);
    if (load &&
        (notes_.empty() || now - notes_.back().time >= core::kNoteSpacing || now < notes_.back().time)) {
      if (notes_.size() >= core::kMaxNotes) notes_.erase(notes_.begin());
      notes_.push_back({now, rtt, *load, core::TokensOfNote(tokens_)});
    }
    return stale;
  }

  // Null if the last ping had no token.
  Tokens tokens() const {
    common::MutexLock lock(mu_);
    return tokens_;
  }
  std::vector<core::Note> notes() const {
    common::MutexLock lock(mu_);
    return notes_;
  }

 private:
  mutable common::Mutex mu_;
  Tokens tokens_ ABSL_GUARDED_BY(mu_);
  std::vector<core::Note> notes_ ABSL_GUARDED_BY(mu_);  // the oldest first
};

}  // namespace liveness::registry
