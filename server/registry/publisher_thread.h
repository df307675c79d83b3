// The thread that tells the watchers: it calls Registry::PublishPending when
// there is something to tell. One transition is told at once; under a storm it
// pauses a millisecond between batches, so that they grow instead of their
// number.
#pragma once

#include <thread>

#include "absl/base/thread_annotations.h"
#include "common/mutex.h"
#include "server/registry/registry.h"

namespace liveness::registry {

class PublisherThread {
 public:
  static constexpr auto kPause = std::chrono::milliseconds(1);

  // Starts at once. `registry` outlives it. Sets the registry's OnPending.
  explicit PublisherThread(Registry& registry);
  // Publishes what is pending, stops and joins.
  ~PublisherThread();

 private:
  void Run();

  Registry& registry_;
  common::Mutex mu_;
  common::CondVar changed_;  // pending_ or stopping_
  common::CondVar stopped_;  // stopping_ alone: nothing else cuts a pause short
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool pending_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace liveness::registry
