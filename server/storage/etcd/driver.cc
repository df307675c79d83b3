#include "server/storage/etcd/driver.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace liveness::storage::etcd {
namespace {

// What etcd has taken must be told within this, or the watch is thought to hang.
constexpr std::chrono::seconds kWatchPatience(3);
constexpr std::chrono::seconds kProbePause(1);
// For a lease that has run out and may be there again in a moment: this process stood still, perhaps.
constexpr std::chrono::milliseconds kLapsePatience(500);
// For what was proposed before the end, and for the end itself.
constexpr std::chrono::seconds kFlushPatience(1), kEndPatience(2);

absl::Status Unavailable(const std::string& why) {
  return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", why);
}

absl::Status Conflict() {
  return common::Error(absl::StatusCode::kAborted, "CONFLICT", "another server changed this client first");
}

}  // namespace

Driver::Driver(const Parts& parts, std::uint64_t writer, Loaded loaded, StoreListener& listener)
    : parts_(parts),
      value_(absl::StrCat(absl::Hex(writer, absl::kZeroPad16))),
      listener_(listener),
      mirror_(std::move(loaded.mirror)),
      loop_(parts.clock),
      health_(parts.clock.Mono()),
      link_(loop_, parts.members, parts.layout, parts.history, loaded.revision, *this),
      lease_(loop_, parts.members, parts.layout, parts.options, value_, *this),
      claim_(loop_, parts.members, parts.layout, parts.options, lease_, parts.notes),
      committer_(loop_, parts.members, parts.layout, parts.history, parts.options, writer, *mirror_, queue_,
                 *this) {}

Driver::~Driver() { Stop(); }

void Driver::Start() {
  parts_.notes.OnWork([this] { loop_.Wake(); });
  started_ = true;
  loop_.Start([this] { Turn(); }, [this](common::Duration stood) { Tick(stood); });
}

void Driver::Propose(Proposal proposal) {
  {
    common::MutexLock lock(mu_);
    if (end_asked_) return;
    inbox_.push_back(std::move(proposal));
    if (inbox_.size() > 1) return;  // it was woken for the first
  }
  loop_.Wake();
}

void Driver::OnLostRevision(std::uint64_t revision) {
  common::MutexLock lock(mu_);
  given_ = std::max(given_, revision);
}

// Looked into at the next tick: by then it may have been told.
void Driver::CheckGiven() {
  std::uint64_t given = 0;
  {
    common::MutexLock lock(mu_);
    given = given_;
    if (given <= parts_.history.Told(link_.told())) given_ = given = 0;
  }
  if (given != 0 && link_.member() != nullptr && !other_history_) link_.CheckGiven(given);
}

absl::Status Driver::health() const {
  common::MutexLock lock(mu_);
  return verdict_;
}

bool Driver::has_lease() const {
  common::MutexLock lock(mu_);
  return has_lease_;
}

void Driver::Stop() {
  {
    common::MutexLock lock(mu_);
    if (!started_ || end_asked_) return;
    end_asked_ = true;
  }
  loop_.Wake();
  const common::MonoTime give_up = parts_.clock.Mono() + kFlushPatience + kEndPatience;
  {
    common::MutexLock lock(mu_);
    while (!ended_ && parts_.clock.Mono() < give_up) changed_.WaitFor(mu_, std::chrono::milliseconds(50));
  }
  loop_.Join();
}

void Driver::Turn() {
  TakeInbox();
  if (may_commit()) committer_.Turn(*link_.member());
  claim_.Turn();
  RefuseStaleBegins();
  TryToEnd();
}

void Driver::TakeInbox() {
  std::vector<Proposal> taken;
  {
    common::MutexLock lock(mu_);
    taken.swap(inbox_);
  }
  for (Proposal& proposal : taken) {
    const core::RecordPtr known = mirror_->Find(proposal.after->client_id());
    // Told while the proposal was on its way here.
    const std::uint64_t before = proposal.before == nullptr ? 0 : proposal.before->revision;
    if ((known == nullptr ? 0 : known->revision) != before) {
      listener_.OnRefused(proposal.id, Conflict());
    } else {
      queue_.Add(std::move(proposal), loop_.now());
    }
  }
}

void Driver::RefuseStaleBegins() {
  const absl::Status status = health();
  const common::MonoTime now = loop_.now();
  const auto stale = queue_.StaleBegins(status.ok() ? now - parts_.options.begin_patience : now);
  if (stale.empty()) return;
  const absl::Status why =
      Unavailable(status.ok() ? "etcd did not commit in time" : std::string(status.message()));
  for (const std::uint64_t id : stale) Refuse(id, why);
}

void Driver::Tick(common::Duration stood) {
  health_.Credit(stood);
  link_.Tick();
  lease_.Tick(stood);
  claim_.Turn();
  const common::MonoTime now = loop_.now();
  const auto untold = queue_.oldest_settled();
  if (untold && now - *untold > kWatchPatience) {
    queue_.Unsettle();
    // Once, and another connection may tell it; again, and what we know is not what etcd has.
    if (++stuck_ > 1) link_.ListNext();
    link_.Fail({grpc::StatusCode::UNAVAILABLE, "the watch does not tell what was committed"});
  }
  ProbeWrites();
  CheckGiven();
  health_.Pending(committer_.oldest_sent(), untold);
  if (!other_history_) health_.Fatal(usurped_);
  const absl::Status verdict = health_.Assess(now);
  const bool has_lease = HasLease(stood);
  common::MutexLock lock(mu_);
  verdict_ = verdict;
  has_lease_ = has_lease;
}

bool Driver::HasLease(common::Duration stood) {
  const common::MonoTime now = loop_.now();
  if (!ours_seen_ || lease_.Stands(now)) {  // before the first one nobody knows it, and nobody misses it
    lapsed_since_.reset();
    return true;
  }
  if (lapsed_since_) {
    *lapsed_since_ += stood;
  } else {
    lapsed_since_ = now;
  }
  return now - *lapsed_since_ < kLapsePatience;
}

// With nothing to send, nothing else would find out that writes work again.
void Driver::ProbeWrites() {
  if (!health_.writes_fail() || committer_.oldest_sent() || loop_.now() < next_probe_) return;
  next_probe_ = loop_.now() + kProbePause;
  lease_.WriteKey();
}

void Driver::TryToEnd() {
  {
    common::MutexLock lock(mu_);
    if (!end_asked_ || ended_) return;
  }
  if (revoking_) return;
  if (!end_by_) end_by_ = loop_.now() + kFlushPatience;
  if ((!queue_.empty() || !claim_.saved()) && loop_.now() < *end_by_) return;
  revoking_ = true;
  lease_.Revoke([this] {
    common::MutexLock lock(mu_);
    ended_ = true;
    changed_.NotifyAll();
  });
}

void Driver::OnConnected(const Member& member) {
  lease_.Use(member);
  claim_.Use(member);
}

void Driver::OnWatching() {
  watching_ = true;
  if (lease_.held()) {
    health_.Up();
    link_.Succeeded();
  }
}

void Driver::OnEvents(const google::protobuf::RepeatedPtrField<etcdserverpb::Event>& events) {
  claim_.OnEvents(events);
  ByRevision(events, [this](const std::vector<const etcdserverpb::Event*>& same) {
    Tell(mirror_->Apply(
        same, [this](std::uint64_t id) { return OwnProposal(id); }, parts_.clock.Wall()));
  });
}

void Driver::OnListingBegins() { mirror_->BeginListing(); }
void Driver::OnPage(const etcdserverpb::RangeResponse& page) { mirror_->Page(page); }

void Driver::OnListed(std::int64_t after, std::int64_t revision) {
  const std::uint64_t first = parts_.history.Told(after), last = parts_.history.Told(revision);
  if (first < last) {
    parts_.recent.AddGap(first, last);
    listener_.OnGap(first, last);
  }
  auto steps = mirror_->FinishListing(
      revision, [this](std::uint64_t id) { return OwnProposal(id); }, parts_.clock.Wall());
  for (Mirror::Step& step : steps) Tell(std::move(step));
  if (first < last) listener_.OnGapTold(last);
  claim_.OnListed();
  // What etcd took and nothing of which is left to see is found out by another try.
  queue_.Unsettle();
}

void Driver::OnDown(const std::string& why) {
  watching_ = false;
  lease_.Drop();
  claim_.Drop();
  committer_.Drop();
  health_.Down(loop_.now(), why);
}

void Driver::OnOtherHistory(const std::string& why) {
  other_history_ = true;
  health_.Fatal(absl::StrCat(why, "; restart this server"));
}

void Driver::OnSeatAnswer(bool wrote) {
  health_.Answered(loop_.now());
  if (wrote) health_.Wrote();
  if (watching_ && lease_.held()) {
    health_.Up();
    link_.Succeeded();
  }
}

void Driver::OnSeatFailed(const grpc::Status& status) { link_.Fail(status); }

void Driver::OnSeatWriteFailed(common::MonoTime sent, const grpc::Status& status) {
  if (link_.member() == nullptr) return;
  health_.WriteFailed(sent, Describe(*link_.member(), status));
  if (!CertainlyNotDone(status) || NeedsLogIn(status)) link_.Fail(status);
}

void Driver::OnWritten() {
  health_.Answered(loop_.now());
  health_.Wrote();
}

void Driver::OnWriteFailed(common::MonoTime sent, const grpc::Status& status, bool hopeless) {
  if (link_.member() == nullptr) return;
  health_.WriteFailed(sent, Describe(*link_.member(), status));
  if (hopeless) link_.Fail(status);
}

void Driver::OnConflict(std::uint64_t proposal) { Refuse(proposal, Conflict()); }

void Driver::OnUnfit(std::uint64_t proposal, const grpc::Status& status) {
  ProposalQueue::Entry* entry = queue_.Find(proposal);
  if (entry == nullptr) return;
  if (entry->begins() && !entry->maybe_taken) {
    Refuse(proposal, Unavailable("etcd refuses this change: " + WordsOf(status)));
  } else {
    queue_.Postpone(*entry);
  }
}

core::RecordPtr Driver::OwnProposal(std::uint64_t id) {
  const ProposalQueue::Entry* entry = queue_.Find(id);
  return entry == nullptr ? nullptr : entry->proposal.after;
}

void Driver::Tell(Mirror::Step step) {
  std::vector<std::uint64_t> lost;
  std::vector<Committed> changes;
  for (Mirror::Step::Item& item : step.items) {
    if (item.committed.proposal != 0) {
      queue_.Remove(item.committed.proposal);
    } else if (auto* entry = queue_.FindClient(item.committed.after->client_id())) {
      lost.push_back(entry->proposal.id);
    }
    changes.push_back(item.committed);
  }
  if (!changes.empty()) {
    stuck_ = 0;
    parts_.recent.Append(TransitionsOf(step));
    listener_.OnCommitted(std::move(changes));
  }
  for (const std::uint64_t id : lost) Refuse(id, Conflict());
  if (step.servers_changed) TellServers();
  if (step.history_touched) OnOtherHistory("somebody changed or deleted the history's name in etcd");
}

void Driver::TellServers() {
  const auto ours = mirror_->servers().find(parts_.options.server_id);
  const bool present = ours != mirror_->servers().end();
  if (present && ours->second == value_) {
    ours_seen_ = true;
    usurped_.clear();
  } else if (present && ours_seen_) {
    usurped_ = absl::StrCat("another process runs as server ", parts_.options.server_id);
  } else if (ours_seen_ && lease_.held()) {
    lease_.WriteKey();  // deleted, while the lease stands; if it does not, the keepalive tells
  }
  // Until its own key is there a server does not know who else has come and gone.
  if (!ours_seen_ || revoking_) return;
  std::vector<std::string> ids;
  for (const auto& [id, value] : mirror_->servers()) ids.push_back(id);
  listener_.OnServers(ids);
}

void Driver::Refuse(std::uint64_t proposal, const absl::Status& why) {
  queue_.Remove(proposal);
  listener_.OnRefused(proposal, why);
}

}  // namespace liveness::storage::etcd
