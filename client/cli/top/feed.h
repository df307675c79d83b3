// The watch of `livenessctl top`, on a thread of its own: it reconnects by itself, from where it was.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/cli/api/api.h"
#include "client/cli/process/stop_flag.h"
#include "client/cli/settings.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli::top {

class Feed {
 public:
  struct Event {
    enum class Kind { kBegun, kMessage, kLost };
    Kind kind = Kind::kMessage;
    // kBegun: a stream begins, at `server`; `from_snapshot`: with a snapshot.
    std::string server;
    bool from_snapshot = false;
    v1::WatchClientsResponse message;  // kMessage
    std::string trouble;               // kLost: why, in a sentence
  };

  // Watches what matches `filter`. `wake` is called on the feed's thread whenever there are events.
  // REQUIRES: Api::Create() took `global` before.
  Feed(const GlobalSettings& global, std::string filter, std::function<void()> wake);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // All events since the last call. The feed waits for it when there are many, and the server then tells a
  // gap.
  std::vector<Event> Take();

 private:
  void Run();
  // False if the feed is to end.
  bool Put(Event event);

  const GlobalSettings global_;
  const std::string filter_;
  const std::function<void()> wake_;
  StopFlag stop_;
  std::unique_ptr<Api> api_;
  common::Mutex mu_;
  common::CondVar taken_;
  std::vector<Event> events_ ABSL_GUARDED_BY(mu_);
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace liveness::cli::top
