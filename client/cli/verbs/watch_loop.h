// A watch that outlives its servers: it reconnects, to the next server if there are several, and goes on from
// the revision up to which everything was told.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "client/cli/api/api.h"
#include "client/cli/print/watch_sink.h"
#include "client/cli/process/stop_flag.h"
#include "client/cli/settings.h"
#include "client/cli/verbs/watch_follower.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/random.h"

namespace liveness::cli {

class WatchLoop {
 public:
  struct Options {
    bool since_now = false;                         // begin where the registry stands, without a snapshot
    bool keep_trying = false;                       // also before the first connection
    std::function<void()> after_message = nullptr;  // called when the sink has taken a message of the server
  };

  // All are kept. `follower` tells `sink`.
  WatchLoop(Api& api, const GlobalSettings& global, const common::Clock& clock, WatchFollower& follower,
            WatchSink& sink)
      : api_(api), global_(global), clock_(clock), follower_(follower), sink_(sink) {}

  // Follows until Stop() (OK), or until it cannot begin or go on. Then server() is the one that says so.
  // Once.
  absl::Status Run(const Options& options);
  const std::string& server() const { return server_; }
  // True once a server has answered.
  bool connected() const { return connected_; }

  // Ends Run(), now or as soon as it is called. Thread-safe; also from within the sink.
  void Stop();
  // True if Stop() is called before `span` has passed. Thread-safe.
  bool AwaitStop(common::Duration span) { return stop_.AwaitFor(span, clock_); }

 private:
  absl::Status Stream(const Options& options);

  Api& api_;
  const GlobalSettings& global_;
  const common::Clock& clock_;
  WatchFollower& follower_;
  WatchSink& sink_;
  common::Backoff backoff_{{}, common::RandomUniform};
  std::string server_;
  bool started_ = false;  // the follower knows where to begin
  bool connected_ = false;
  std::optional<common::MonoTime> lost_at_;
  StopFlag stop_;
};

}  // namespace liveness::cli
