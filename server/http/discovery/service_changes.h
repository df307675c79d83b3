// Since which revision each service is as it is, and requests that wait until one is not: Consul's blocking
// queries, without a thread.
//
// It watches the registry from the first request on that waits. Requests that wait for one service are not
// woken by what happens to others; of more than kMostServices names the further ones share one revision, and
// are woken together.
//
// Thread-safe. What it is told comes from the registry's threads; it looks at it on a worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/http/exchange.h"
#include "server/registry/registry.h"

namespace liveness::http {

// The label that names a client's service. Clients without it are in none.
inline constexpr std::string_view kServiceLabel = "service";

// The service that `record` is listed in; empty for one that LEFT, has no such label or no address.
std::string_view ServiceOf(const core::ClientRecord& record);

class ServiceChanges : public std::enable_shared_from_this<ServiceChanges> {
 public:
  static constexpr std::size_t kMostServices = 10'000;
  static constexpr std::size_t kMostWaiting = 1'000;

  // `registry` outlives it.
  explicit ServiceChanges(registry::Registry& registry) : registry_(registry) {}

  // What to wait for: `service` to change in any way, or, if it is empty, services or their tags to come and
  // go.
  struct Question {
    std::string service;
    std::uint64_t after = 0;  // the revision up to which the answer is known
    common::Duration patience{};
  };
  // Calls `done` on the HTTP thread, once: with OK after a change or when the patience is over, or if `after`
  // lies ahead of all revisions, which is of another history then. RESOURCE_EXHAUSTED: TOO_MANY_WATCHERS.
  // Never if the peer goes before. REQUIRES: the HTTP thread; the exchange has no OnGone of its own.
  void Wait(const std::shared_ptr<Exchange>& exchange, Question question,
            std::function<void(const absl::Status&)> done);

  // Takes in transitions that the registry has published. For tests; else on a worker.
  void Apply(const std::vector<core::TransitionPtr>& transitions) ABSL_LOCKS_EXCLUDED(mu_);
  // The last revision that changed what `Question::service` says.
  std::uint64_t ChangedAt(const std::string& service) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Waiter {
    std::shared_ptr<Exchange> exchange;
    Question question;
    std::function<void(const absl::Status&)> done;
  };

  // Once; the HTTP thread.
  absl::Status StartWatch() ABSL_LOCKS_EXCLUDED(mu_);
  void Forget(std::uint64_t id) ABSL_LOCKS_EXCLUDED(mu_);
  // A worker: takes in what waits, and wakes whom it concerns.
  void Pull() ABSL_LOCKS_EXCLUDED(mu_);
  void PullSoon() ABSL_LOCKS_EXCLUDED(mu_);
  bool TakeIn(const registry::WatchItem& item) ABSL_LOCKS_EXCLUDED(mu_);
  void WakeChanged() ABSL_LOCKS_EXCLUDED(mu_);
  // The patience of a waiter, in short steps: no timer outlives its waiter for long.
  void Tick(std::uint64_t id, common::Duration left) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsDue(const Question& question) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::uint64_t Changed(const std::string& service) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Note(std::string_view service, std::uint64_t revision) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  registry::Registry& registry_;

  mutable common::Mutex mu_;
  std::shared_ptr<registry::Watch> watch_ ABSL_GUARDED_BY(mu_);  // null until somebody waits
  bool pulling_ ABSL_GUARDED_BY(mu_) = false;                    // the watch is a worker's
  bool ready_ ABSL_GUARDED_BY(mu_) = false;                      // it has something, and nobody pulls
  std::uint64_t base_ ABSL_GUARDED_BY(mu_) = 0;                  // what happened before is not known here
  std::uint64_t list_changed_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t others_changed_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, std::uint64_t, std::less<>> changed_ ABSL_GUARDED_BY(mu_);  // at most kMostServices
  std::map<std::uint64_t, Waiter> waiting_ ABSL_GUARDED_BY(mu_);
  std::uint64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace liveness::http
