#include "server/storage/etcd/committer.h"

#include <algorithm>
#include <utility>

#include "server/storage/etcd/answers.h"

namespace liveness::storage::etcd {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;

// etcd takes requests up to 1.5 MiB by default; one change is well below 256 KiB.
constexpr std::size_t kMaxBytes = 512 * 1024;
constexpr common::Duration kPause = std::chrono::milliseconds(50), kMaxPause = std::chrono::seconds(1);
// Failures in a row after which another member is tried.
constexpr int kHopeless = 3;

}  // namespace

Committer::Committer(Loop& loop, const Members& members, const Layout& layout, const History& history,
                     const EtcdOptions& options, std::uint64_t writer, const Mirror& mirror,
                     ProposalQueue& queue, Listener& listener)
    : loop_(loop),
      members_(members),
      layout_(layout),
      history_(history),
      options_(options),
      writer_(writer),
      mirror_(mirror),
      queue_(queue),
      listener_(listener),
      batch_(options.max_batch) {}

void Committer::Turn(const Member& member) {
  if (failures_ > 0 && (loop_.now() < retry_at_ || !in_flight_.empty())) return;
  const std::uint64_t use = use_;
  while (use == use_ && in_flight_.size() < options_.max_in_flight && queue_.any_waiting()) {
    Send(member);
    // After a failure one transaction shows whether it is over.
    if (failures_ > 0) return;
  }
}

void Committer::Send(const Member& member) {
  const auto batch = queue_.TakeBatch(batch_, kMaxBytes, [this](const ProposalQueue::Entry& entry) {
    return EncodeChange(entry.proposal, writer_, history_);
  });
  TxnRequest request;
  std::vector<std::uint64_t> ids;
  for (ProposalQueue::Entry* entry : batch) {
    // Of a client that is not known: 0, or of what lies there and cannot be read.
    const core::RecordPtr& before = entry->proposal.before;
    entry->guard =
        before == nullptr ? mirror_.RevisionOf(entry->client_id()) : history_.Etcds(before->revision);
    const std::string key = layout_.Client(entry->client_id());
    Compare& same = *request.add_compare();
    same.set_key(key);
    same.set_target(Compare::MOD);
    same.set_mod_revision(entry->guard);
    auto& put = *request.add_success()->mutable_request_put();
    put.set_value(entry->value);
    if (entry->proposal.after->state == core::State::kForgotten) {
      put.set_key(layout_.Forgotten(ids.size()));
      request.add_success()->mutable_request_delete_range()->set_key(key);
    } else {
      put.set_key(key);
    }
    auto& look = *request.add_failure()->mutable_request_range();
    look.set_key(key);
    look.set_keys_only(true);
    ids.push_back(entry->proposal.id);
  }
  const std::uint64_t number = next_txn_++;
  const common::MonoTime sent = loop_.now();
  in_flight_[number] = sent;
  UnaryCall<TxnResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, options_.write_timeout); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member.kv->AsyncTxn(context, request, queue);
      },
      [this, number, sent, use = use_, ids = std::move(ids)](const grpc::Status& status,
                                                             TxnResponse& response) {
        in_flight_.erase(number);
        if (status.ok()) return OnAnswer(ids, response);
        if (use == use_) return OnError(ids, sent, status);
        for (const std::uint64_t id : ids) {
          if (auto* entry = queue_.Find(id)) queue_.Return(*entry, true);
        }
      });
}

void Committer::OnAnswer(const std::vector<std::uint64_t>& ids, const TxnResponse& response) {
  failures_ = 0;
  batch_ = std::min(batch_ + 1, options_.max_batch);
  listener_.OnWritten();
  for (std::size_t n = 0; n < ids.size(); ++n) {
    ProposalQueue::Entry* entry = queue_.Find(ids[n]);
    if (entry == nullptr) continue;  // the watch was quicker
    if (!response.succeeded()) {
      const auto& look = RangeOf(response, static_cast<int>(n));
      const std::int64_t revision = look.kvs_size() == 0 ? 0 : look.kvs(0).mod_revision();
      if (revision == entry->guard) {
        queue_.Return(*entry, false);
        continue;
      }
      // What it was decided on is no longer so. If that has been told, it is lost. Else the watch will tell
      // what came between, which may be this very change: an earlier try of it, whose answer was lost.
      if (mirror_.RevisionOf(entry->client_id()) != entry->guard) {
        listener_.OnConflict(ids[n]);
        continue;
      }
    }
    queue_.Settle(*entry, loop_.now());
  }
}

void Committer::OnError(const std::vector<std::uint64_t>& ids, common::MonoTime sent,
                        const grpc::Status& status) {
  const bool not_done = CertainlyNotDone(status);
  const bool unfit = status.error_code() == grpc::StatusCode::INVALID_ARGUMENT && !NeedsLogIn(status);
  for (const std::uint64_t id : ids) {
    if (auto* entry = queue_.Find(id)) queue_.Return(*entry, !not_done);
  }
  // Too large, or one of them is no good: smaller ones will tell.
  if (unfit && ids.size() > 1) {
    batch_ = ids.size() / 2;
    return;
  }
  ++failures_;
  common::Duration pause = kPause;
  for (int n = 1; n < failures_ && pause < kMaxPause; ++n) pause *= 2;
  retry_at_ = loop_.now() + std::min(pause, kMaxPause);
  if (unfit) listener_.OnUnfit(ids.front(), status);
  listener_.OnWriteFailed(sent, status, NeedsLogIn(status) || (!not_done && failures_ >= kHopeless));
}

std::optional<common::MonoTime> Committer::oldest_sent() const {
  if (in_flight_.empty()) return std::nullopt;
  return in_flight_.begin()->second;
}

}  // namespace liveness::storage::etcd
