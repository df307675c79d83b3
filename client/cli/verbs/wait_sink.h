// Waits in a watch until one client is as somebody wants it to be.
//
// What came and went while the watch was away counts too: the transitions that were missed follow. Where
// history itself is lost, a client that has begun another session since is known to have ended the one
// before, and how is not known: enough for `dead` and `gone`, and not for `left`. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "client/cli/print/watch_sink.h"
#include "client/cli/settings.h"

namespace liveness::cli {

class WaitSink : public WatchSink {
 public:
  enum class Outcome {
    kMet,
    kUnknownClient,  // no such client, which cannot end
  };

  // `printer` is told what was waited for, and is kept. `on_outcome` is called at each outcome.
  WaitSink(std::string client_id, WaitSettings::For what, WatchSink& printer,
           std::function<void()> on_outcome)
      : client_id_(std::move(client_id)),
        what_(what),
        printer_(printer),
        on_outcome_(std::move(on_outcome)) {}

  void Client(const v1::Client& client) override;
  void SnapshotDone(std::uint64_t clients, std::uint64_t revision, const std::string& history_id) override;
  void Transition(const v1::Transition& transition) override;
  void Gap(std::uint64_t after_revision, std::uint64_t resumes_at_revision, std::string_view why) override;

  // None while it is waited for.
  std::optional<Outcome> outcome() const { return outcome_; }
  // The state that it was last seen in; unspecified if it is not known.
  v1::State seen() const { return state_; }
  // True if it was met by a session whose end itself was not seen.
  bool unseen_end() const { return unseen_end_; }

 private:
  bool Is(v1::State state) const;
  // An end is waited for, of whatever kind.
  bool is_for_any_end() const {
    return what_ == WaitSettings::For::kDead || what_ == WaitSettings::For::kGone;
  }
  // Notes what is told of the client. True if it is what is waited for.
  bool Take(std::uint64_t incarnation, v1::State state);
  void Finish(Outcome outcome);

  const std::string client_id_;
  const WaitSettings::For what_;
  WatchSink& printer_;
  const std::function<void()> on_outcome_;
  std::optional<Outcome> outcome_;
  bool in_snapshot_ = false;  // it is in the one that is being told
  bool unseen_end_ = false;
  v1::State state_ = v1::STATE_UNSPECIFIED;
  std::uint64_t live_ = 0;  // the incarnation of a session that was seen live, and whose end was not; 0: none
};

}  // namespace liveness::cli
