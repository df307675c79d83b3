// An answer that all clients are looked at for, in slices on the workers, by turns with what else waits
// there.
//
// Discovery must never be told less than there is: whoever believes an empty or a partial list takes
// everything that is missing for gone. So there is an error in place of a list
//   - while the store fails: what happens is not known to last, and not all of it is known;
//   - while a server that began with an empty registry gives its clients --restart-grace to come back;
//   - while more than half of the live clients are such as nobody serves since their server went.
// Each of these ends by itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"
#include "server/http/exchange.h"
#include "server/registry/registry.h"

namespace liveness::http {

class Sweep;

// What all sweeps share, and their turns: few at a time, because each holds its answer, the others in the
// order in which they came. Thread-safe; outlives them, as registry and clock outlive it.
class SweepSource {
 public:
  // The server serves from now on.
  SweepSource(const registry::Registry& registry, const common::Clock& clock);

  const registry::Registry& registry() const { return registry_; }
  core::Moment Now() const { return {clock_.Mono(), clock_.Wall()}; }
  // OK, or UNAVAILABLE: STORE_UNAVAILABLE, STARTING.
  absl::Status Complete() const;

  // True if the sweep has a place and may begin; else it is begun when its turn has come.
  bool TakePlace(const std::shared_ptr<Sweep>& sweep) ABSL_LOCKS_EXCLUDED(mu_);
  // One that had a place is over.
  void LeavePlace() ABSL_LOCKS_EXCLUDED(mu_);
  // One that has none yet will not want it any more.
  void Forget(const Sweep* sweep) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const registry::Registry& registry_;
  const common::Clock& clock_;
  const common::MonoTime began_;
  const bool began_empty_;

  common::Mutex mu_;
  int under_way_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<std::shared_ptr<Sweep>> waiting_ ABSL_GUARDED_BY(mu_);  // as many as connections at most
};

class Sweep : public std::enable_shared_from_this<Sweep> {
 public:
  virtual ~Sweep() = default;
  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;

  // Answers the exchange once all have been looked at.
  // REQUIRES: the HTTP thread; the exchange has no OnGone of its own any more.
  void Start();

 protected:
  // Clients that do not match `filter` are not taken, nor are those that the caller does not see.
  Sweep(std::shared_ptr<SweepSource> source, std::shared_ptr<Exchange> exchange, core::Filter filter = {});

  const Request& request() const { return exchange_->request(); }
  const core::Moment& now() const { return now_; }

  // True if the client may be in the answer. Without a lock; called of many.
  virtual bool Wants(const core::ClientRecord& record) const = 0;
  // One that is wanted, in order of client_id. An error is the answer.
  virtual absl::Status Take(const core::ClientView& client) = 0;
  // `revision`: of the registry when the sweep began; where not every client is seen, of the last of those
  // that are. All that changed since may be shown or not.
  virtual Response Finish(std::uint64_t revision) = 0;

 private:
  friend class SweepSource;
  bool sees_all() const { return exchange_->caller()->sees_all(); }
  // A worker does the next slice. False if it is over before: it leaves its place.
  bool RunSlice();
  void Slice();
  // True if there is an answer.
  bool Look(Response& answer);
  bool Matches(const core::ClientRecord& record, const core::Vitals& vitals);

  const std::shared_ptr<SweepSource> source_;
  const std::shared_ptr<Exchange> exchange_;
  const core::Filter filter_;
  registry::ScanRequest scan_;
  core::Moment now_;
  std::uint64_t revision_ = 0;
  std::int64_t live_ = 0;     // seen so far, whatever the filter
  std::int64_t orphans_ = 0;  // of these: not served by anybody since their server went
  std::atomic<bool> gone_{false};
};

}  // namespace liveness::http
