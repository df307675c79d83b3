// One SetMaintenance call at work: marks its clients slice by slice, each a job of a worker's, and answers
// when all that it changed is committed.
//
// A fleet is not proposed to the store at once: no slice begins while more than kMostUnderWay changes are
// not committed, so that what waits for a slow store stays small. Where the store stands still, or the
// caller is gone, the answer's patience ends the call and no more is marked; what was proposed may still be
// committed.
//
// Thread-safe. Kept alive by the job that is queued and by the changes that are under way, which may outlast
// the call and the server's calls: from then on it does nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "liveness/v1/admin_service.pb.h"
#include "server/auth/audit/audited_act.h"
#include "server/auth/caller.h"
#include "server/core/filter/filter.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/async_unary.h"

namespace liveness::rpc {

class MaintenanceJob : public std::enable_shared_from_this<MaintenanceJob> {
 public:
  // Changes of one call, which may look at every client: about eight slices.
  static constexpr std::int64_t kMostUnderWay = 2'048;

  // Takes what was done: `maintenance of 3 that match zone = eu`.
  using Done = std::function<void(const std::string& what)>;

  // Begins. `registry` and `clock` outlive the engine's calls, as does what `done` uses, which is called
  // before the answer is given. `act` is told what came of it. Clients that the caller does not see are not
  // there. REQUIRES: the call of `answer` has just come.
  static void Start(registry::Registry& registry, const common::Clock& clock,
                    const v1::SetMaintenanceRequest& request, std::shared_ptr<Answer> answer,
                    std::shared_ptr<auth::AuditedAct> act, Done done);

 private:
  MaintenanceJob(registry::Registry& registry, const common::Clock& clock,
                 const v1::SetMaintenanceRequest& request, auth::CallerPtr caller,
                 std::shared_ptr<Answer> answer, std::shared_ptr<auth::AuditedAct> act, Done done)
      : registry_(registry),
        clock_(clock),
        request_(request),
        caller_(std::move(caller)),
        answer_(std::move(answer)),
        act_(std::move(act)),
        done_(std::move(done)) {
    marks_.origin = std::make_shared<const core::MaintenanceOrigin>(
        core::MaintenanceOrigin{.reason = request.reason(), .author = caller_->name()});
  }

  // On a worker.
  void Work();
  absl::Status Prepare();
  // Marks what matches `filter` alone.
  void See(core::Filter filter);
  // A change was proposed to the store, and is committed or refused.
  void OnProposed();
  void OnCommitDone(const absl::Status& outcome);
  // Queues the next slice or answers, unless a slice is queued or changes are awaited.
  void Next();
  std::string Summary(std::int64_t changed) const;
  void Fail(const absl::Status& why);

  registry::Registry& registry_;
  const common::Clock& clock_;
  const v1::SetMaintenanceRequest request_;
  const auth::CallerPtr caller_;
  const std::shared_ptr<Answer> answer_;
  const std::shared_ptr<auth::AuditedAct> act_;
  const Done done_;

  // The worker's, one at a time.
  bool prepared_ = false;
  registry::MaintenanceRequest marks_;

  common::Mutex mu_;
  bool working_ ABSL_GUARDED_BY(mu_) = false;        // a slice is queued or at work
  bool seen_all_ ABSL_GUARDED_BY(mu_) = false;       // no slice is left
  std::int64_t under_way_ ABSL_GUARDED_BY(mu_) = 0;  // changes that are not committed
  std::int64_t matched_ ABSL_GUARDED_BY(mu_) = 0;
  std::int64_t changed_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status outcome_ ABSL_GUARDED_BY(mu_);  // of a change that came to nothing
};

}  // namespace liveness::rpc
