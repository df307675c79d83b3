// A store that does nothing by itself: the test says what is committed, when,
// in which order, and when each server hears of it. Header only.
//
// The truth is a Ledger, which outlives the servers; a ManualStore is one
// server's way to it. Two steps, since their distance is where races live:
//
//   Apply()  takes a proposal to the ledger: it gets its revision, or conflicts
//   Tell()   the registry hears of all that this server does not know yet
//
// Several stores over one ledger are a cluster: each hears of the others'
// changes when the test tells it to. Not thread-safe.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/status.h"
#include "server/storage/notes/local_notes.h"
#include "server/storage/store.h"

namespace liveness::testing {

// What is committed, and by whom.
class Ledger {
 public:
  struct Entry {
    const storage::Store* by = nullptr;  // null: by nobody that the test looks at
    storage::Committed change;
    core::RecordPtr before;
  };

  // False if somebody wrote to that client since `proposal.before`. `together`: under the last revision.
  bool Apply(const storage::Store* by, const storage::Proposal& proposal, bool together = false) {
    const core::RecordPtr known = Find(std::string(proposal.after->client_id()));
    const std::uint64_t expected = proposal.before == nullptr ? 0 : proposal.before->revision;
    if ((known == nullptr ? 0 : known->revision) != expected) return false;
    if (!together) ++revision_;
    Write({by, {proposal.id, storage::Stamped(*proposal.after, revision_), proposal.time}, known});
    return true;
  }
  // Another server's change, whatever was there. Returns it as committed.
  core::RecordPtr Write(const core::ClientRecord& after, core::WallTime time = {}) {
    const core::RecordPtr known = Find(std::string(after.client_id()));
    Write({nullptr, {0, storage::Stamped(after, ++revision_), time}, known});
    return log_.back().change.after;
  }

  core::RecordPtr Find(const std::string& client_id) const {
    const auto at = records_.find(client_id);
    return at == records_.end() ? nullptr : at->second;
  }
  const std::map<std::string, core::RecordPtr>& records() const { return records_; }
  const std::vector<Entry>& log() const { return log_; }
  std::uint64_t revision() const { return revision_; }
  const std::string& history_id() const { return history_id_; }
  // So much of the past can be read.
  void KeepHistory(std::size_t transitions) { kept_ = transitions; }
  std::size_t compacted() const { return log_.size() - std::min(kept_, log_.size()); }
  // Gives the last `n` revisions out once more, as no store may.
  void TurnBack(std::uint64_t n) { revision_ -= n; }

  // All that is committed now survives a loss of power.
  void Sync() { synced_ = log_.size(); }
  // What was not is gone. Its revisions are not used again, and as some were
  // told, this is another history.
  void LosePower() {
    log_.resize(synced_);
    const std::vector<Entry> kept = std::exchange(log_, {});
    records_.clear();
    for (const Entry& entry : kept) Write(entry);
    history_id_.back() = history_id_.back() == '0' ? '1' : '0';
  }

 private:
  void Write(Entry entry) {
    const core::RecordPtr& after = entry.change.after;
    if (after->state == core::State::kForgotten) {
      records_.erase(std::string(after->client_id()));
    } else {
      records_[std::string(after->client_id())] = after;
    }
    log_.push_back(std::move(entry));
  }

  std::map<std::string, core::RecordPtr> records_;
  std::vector<Entry> log_;
  std::size_t synced_ = 0;
  std::size_t kept_ = ~std::size_t{0};
  std::uint64_t revision_ = 1'000;
  std::string history_id_ = "0000000000000000";
};

class ManualStore final : public storage::Store {
 public:
  enum class Kind { kOwn, kShared };
  // `ledger` outlives it.
  explicit ManualStore(Ledger& ledger, Kind kind = Kind::kOwn) : ledger_(ledger), kind_(kind) {}

  std::string_view kind() const override { return "manual"; }
  const std::string& history_id() const override { return ledger_.history_id(); }
  const storage::TokenKey& token_key() const override { return token_key_; }
  bool shared() const override { return kind_ == Kind::kShared; }
  absl::Status health() const override { return health_; }
  bool has_lease() const override { return has_lease_; }

  absl::StatusOr<storage::Contents> Load() override {
    storage::Contents contents;
    for (const auto& [id, record] : ledger_.records()) contents.records.push_back(record);
    contents.revision = ledger_.revision();
    told_ = ledger_.log().size();
    return contents;
  }
  void Start(storage::StoreListener& listener) override { listener_ = &listener; }
  // Nothing is told any more; what was not applied is lost.
  void Stop() override {
    listener_ = nullptr;
    queue_.clear();
    refusals_.clear();
  }

  core::RecordPtr Propose(storage::Proposal proposal) override {
    const std::string id(proposal.after->client_id());
    if (proposal.id == 0 || !ids_.insert(proposal.id).second) Complain("proposal id of " + id);
    if (!under_way_.insert(id).second) Complain("two proposals of " + id + " under way");
    if (proposal.before != nullptr && proposal.before->client_id() != id)
      Complain("before of another client");
    queue_.push_back(std::move(proposal));
    return nullptr;
  }

  absl::StatusOr<storage::HistoryPart> ReadHistory(const storage::HistoryQuery& query) const override {
    storage::HistoryPart part;
    if (const std::size_t n = ledger_.compacted(); n != 0) {
      part.compacted = ledger_.log()[n - 1].change.after->revision;
    }
    const auto take = [&](const Ledger::Entry& entry) {
      const storage::Committed& change = entry.change;
      if (change.after->revision <= std::max(query.after, part.compacted)) return;
      if (change.after->revision >= query.before) return;
      if (!query.client_id.empty() && change.after->client_id() != query.client_id) return;
      if ((query.from && change.time < *query.from) || (query.until && change.time >= *query.until)) return;
      if (part.transitions.size() >= query.limit) return;
      part.transitions.push_back(std::make_shared<const core::Transition>(
          core::Transition{entry.before, change.after, change.time}));
    };
    const auto& log = ledger_.log();
    if (query.newest_first) {
      for (auto at = log.rbegin(); at != log.rend(); ++at) take(*at);
    } else {
      for (const auto& entry : log) take(entry);
    }
    return part;
  }

  storage::Notes& notes() override { return notes_; }
  std::optional<std::uint64_t> compacted() const override {
    const std::size_t n = ledger_.compacted();
    return n == 0 ? 0 : ledger_.log()[n - 1].change.after->revision;
  }
  void OnLostRevision(std::uint64_t revision) override { lost_.push_back(revision); }

  // --- What the test does ----------------------------------------------------

  void set_health(absl::Status health) { health_ = std::move(health); }
  void set_has_lease(bool has_lease) { has_lease_ = has_lease; }
  void SetServers(const std::vector<std::string>& ids) { listener_->OnServers(ids); }

  // What it was told that clients had been given.
  const std::vector<std::uint64_t>& lost() const { return lost_; }
  storage::StoreListener& listener() { return *listener_; }

  // Proposals that are not applied, in the order of their coming.
  const std::deque<storage::Proposal>& queue() const { return queue_; }
  // True if nothing is to be applied or told.
  bool idle() const { return queue_.empty() && refusals_.empty() && told_ == ledger_.log().size(); }

  // How much of the ledger's log its registry knows.
  std::size_t told() const { return told_; }

  // REQUIRES: at < queue().size().
  // `together`: in the transaction of the one before.
  void Apply(std::size_t at = 0, bool together = false) {
    const storage::Proposal proposal = Take(at);
    const std::string id(proposal.after->client_id());
    if (ledger_.Apply(this, proposal, together)) return;
    if (kind_ == Kind::kOwn) Complain("a change of " + id + " on a record that was not committed");
    refusals_.push_back({ledger_.log().size(), proposal.id, id,
                         absl::AbortedError("CONFLICT: somebody else wrote to " + id)});
  }
  void ApplyAll() {
    while (!queue_.empty()) Apply();
  }
  // `most` revisions of those that are committed and not told, and the refusals among them.
  void Tell(std::size_t most = ~std::size_t{0}) {
    for (;;) {
      while (!refusals_.empty() && refusals_.front().after <= told_) {
        const Refusal refusal = std::move(refusals_.front());
        refusals_.pop_front();
        under_way_.erase(refusal.client_id);
        listener_->OnRefused(refusal.proposal, refusal.why);
      }
      if (most == 0 || told_ == ledger_.log().size()) return;
      --most;
      std::vector<storage::Committed> changes;
      do {
        const Ledger::Entry& entry = ledger_.log()[told_++];
        changes.push_back(entry.change);
        if (entry.by == this) {
          under_way_.erase(std::string(entry.change.after->client_id()));
        } else {
          changes.back().proposal = 0;
        }
      } while (told_ < ledger_.log().size() &&
               ledger_.log()[told_].change.after->revision == changes.back().after->revision);
      listener_->OnCommitted(std::move(changes));
    }
  }
  // Applies one and tells it.
  void Commit(std::size_t at = 0) {
    Apply(at);
    Tell();
  }
  // Until nothing is proposed any more.
  void CommitAll() {
    Tell();
    while (!queue_.empty()) Commit();
  }
  void Refuse(std::size_t at = 0) {
    const storage::Proposal proposal = Take(at);
    under_way_.erase(std::string(proposal.after->client_id()));
    listener_->OnRefused(
        proposal.id, common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the test refuses"));
  }

  // Breaches of store.h's contract by the registry.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  struct Refusal {
    std::size_t after = 0;  // so much of the log is told before it
    std::uint64_t proposal = 0;
    std::string client_id;
    absl::Status why;
  };
  storage::Proposal Take(std::size_t at) {
    storage::Proposal proposal = std::move(queue_[at]);
    queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(at));
    return proposal;
  }
  void Complain(std::string what) { complaints_.push_back(std::move(what)); }

  Ledger& ledger_;
  const Kind kind_;
  const storage::TokenKey token_key_{};
  absl::Status health_;
  bool has_lease_ = true;
  storage::LocalNotes notes_;
  storage::StoreListener* listener_ = nullptr;
  std::deque<storage::Proposal> queue_;
  std::deque<Refusal> refusals_;
  std::size_t told_ = 0;  // of the ledger's log
  std::set<std::uint64_t> ids_;
  std::set<std::string> under_way_;  // clients with a proposal whose outcome is not told
  std::vector<std::string> complaints_;
  std::vector<std::uint64_t> lost_;
};

}  // namespace liveness::testing
