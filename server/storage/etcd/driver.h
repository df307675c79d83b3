// A store at work: joins what is proposed, what is sent and what etcd tells.
//
// The watch alone decides outcomes. It tells every server's changes in one
// order; the first change of a client's key after the one that a proposal was
// decided on is either that very proposal, which is then committed, or
// another's, and then the proposal is refused: its guard can no longer hold.
// So an answer that never came costs nothing but time.
//
// Propose(), health(), has_lease() and Stop() come from any thread; all else runs on the
// loop's, where the listener is called too, with no lock held.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "server/storage/etcd/claim.h"
#include "server/storage/etcd/committer.h"
#include "server/storage/etcd/health.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/etcd/link.h"
#include "server/storage/etcd/loop.h"
#include "server/storage/etcd/members.h"
#include "server/storage/etcd/mirror.h"
#include "server/storage/etcd/opening.h"
#include "server/storage/etcd/proposal_queue.h"
#include "server/storage/etcd/recent_history.h"
#include "server/storage/etcd/server_lease.h"
#include "server/storage/store.h"

namespace liveness::storage::etcd {

class Driver final : Link::Listener, ServerLease::Listener, Committer::Listener {
 public:
  // What it works with; all of it outlives the driver.
  struct Parts {
    const EtcdOptions& options;
    const Layout& layout;
    const History& history;
    Members& members;
    RecentHistory& recent;
    EtcdNotes& notes;
    const common::Clock& clock;
  };

  Driver(const Parts& parts, std::uint64_t writer, Loaded loaded, StoreListener& listener);
  ~Driver() override;

  void Start();
  void Propose(Proposal proposal);
  void OnLostRevision(std::uint64_t revision);
  // Waits for what was proposed, for about a second; gives the lease up. Tells nothing after it returns.
  void Stop();
  absl::Status health() const;
  // False once this server's lease has run out, by its own clock: its neighbours take it for gone.
  bool has_lease() const;

 private:
  // Link::Listener
  void OnConnected(const Member& member) override;
  void OnWatching() override;
  void OnEvents(const google::protobuf::RepeatedPtrField<etcdserverpb::Event>& events) override;
  void OnListingBegins() override;
  void OnPage(const etcdserverpb::RangeResponse& page) override;
  void OnListed(std::int64_t after, std::int64_t revision) override;
  void OnDown(const std::string& why) override;
  void OnOtherHistory(const std::string& why) override;
  // ServerLease::Listener
  void OnSeatAnswer(bool wrote) override;
  void OnSeatFailed(const grpc::Status& status) override;
  void OnSeatWriteFailed(common::MonoTime sent, const grpc::Status& status) override;
  // Committer::Listener
  void OnWritten() override;
  void OnWriteFailed(common::MonoTime sent, const grpc::Status& status, bool hopeless) override;
  void OnConflict(std::uint64_t proposal) override;
  void OnUnfit(std::uint64_t proposal, const grpc::Status& status) override;

  void Turn();
  void Tick(common::Duration stood);
  void TakeInbox();
  void RefuseStaleBegins();
  void TryToEnd();
  void ProbeWrites();
  void CheckGiven();
  bool HasLease(common::Duration stood);

  void Tell(Mirror::Step step);
  void TellServers();
  void Refuse(std::uint64_t proposal, const absl::Status& why);
  core::RecordPtr OwnProposal(std::uint64_t id);
  bool may_commit() const { return lease_.held() && link_.member() != nullptr && !other_history_; }

  const Parts parts_;
  const std::string value_;  // of this server's key
  StoreListener& listener_;
  const std::unique_ptr<Mirror> mirror_;
  ProposalQueue queue_;
  Loop loop_;
  Health health_;
  Link link_;
  ServerLease lease_;
  Claim claim_;
  Committer committer_;
  bool started_ = false;  // set once, before the loop runs
  bool watching_ = false;
  int stuck_ = 0;  // times in a row that the watch did not tell what etcd had taken
  bool other_history_ = false;
  bool ours_seen_ = false;                        // this server's key was told by the watch
  std::optional<common::MonoTime> lapsed_since_;  // the lease
  std::string usurped_;                           // empty, or that another process uses this server's name
  common::MonoTime next_probe_{};
  std::optional<common::MonoTime> end_by_;
  bool revoking_ = false;

  mutable common::Mutex mu_;
  common::CondVar changed_;
  std::vector<Proposal> inbox_ ABSL_GUARDED_BY(mu_);
  std::uint64_t given_ ABSL_GUARDED_BY(mu_) = 0;  // to clients, and not known; 0: nothing of that kind
  absl::Status verdict_ ABSL_GUARDED_BY(mu_);
  bool has_lease_ ABSL_GUARDED_BY(mu_) = true;
  bool end_asked_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace liveness::storage::etcd
