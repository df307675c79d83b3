#include "server/storage/etcd/claim.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/storage/etcd/answers.h"

namespace liveness::storage::etcd {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::RangeRequest;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;

constexpr std::chrono::seconds kPatience(2);
constexpr common::Duration kPause = std::chrono::milliseconds(500);
// etcd takes 128 operations in a transaction by default.
constexpr std::size_t kMostNotes = 64;

}  // namespace

void Claim::Use(const Member& member) {
  member_ = &member;
  ++use_;
  asking_ = saving_ = giving_back_ = false;
  ask_ = true;
  retry_at_ = {};
}

void Claim::Drop() { member_ = nullptr; }

void Claim::Turn() {
  if (term_ != 0 && lease_.id() != its_lease_) Lose();
  if (term_ != 0) notes_.LeadUntil(lease_.runs_out());
  if (member_ == nullptr || loop_.now() < retry_at_) return;
  const std::uint64_t stand = notes_.stand();
  if (term_ == 0) {
    if (stand != 0 && ask_ && !asking_ && lease_.held()) Ask();
  } else if (!saving_ && notes_.has_unsaved()) {
    Save();
  } else if (stand != its_stand_ && !saving_ && !giving_back_) {
    GiveBack();
  }
}

void Claim::OnEvents(const google::protobuf::RepeatedPtrField<etcdserverpb::Event>& events) {
  const std::string key = layout_.Claim();
  for (const auto& event : events) {
    if (event.kv().key() != key) continue;
    ask_ = true;
    if (event.kv().mod_revision() <= term_) continue;  // of one before ours
    // It was deleted, by a hand or with a lease that has run out.
    if (event.type() == etcdserverpb::Event::DELETE || event.kv().create_revision() != term_) Lose();
  }
}

void Claim::OnListed() {
  ask_ = true;
  Lose();  // one that stands is found again
}

TxnRequest Claim::IfCreatedAt(std::int64_t revision) const {
  TxnRequest request;
  Compare& compare = *request.add_compare();
  compare.set_key(layout_.Claim());
  compare.set_target(Compare::CREATE);
  compare.set_create_revision(revision);
  return request;
}

void Claim::Send(const TxnRequest& request, UnaryCall<TxnResponse>::Done done) {
  UnaryCall<TxnResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kPatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->kv->AsyncTxn(context, request, queue);
      },
      std::move(done));
}

void Claim::Ask() {
  asking_ = true;
  ask_ = false;
  TxnRequest request = IfCreatedAt(0);
  auto& put = *request.add_success()->mutable_request_put();
  put.set_key(layout_.Claim());
  put.set_value(options_.server_id);
  put.set_lease(lease_.id());
  // It may be ours already: an earlier answer was lost.
  request.add_failure()->mutable_request_range()->set_key(layout_.Claim());
  for (auto* branch : {request.mutable_success(), request.mutable_failure()}) {
    RangeRequest& range = *branch->Add()->mutable_request_range();
    range.set_key(layout_.Notes());
    range.set_range_end(Layout::PastAll(layout_.Notes()));
  }
  Send(request, [this, use = use_, stand = notes_.stand(), lease = lease_.id()](const grpc::Status& status,
                                                                                TxnResponse& response) {
    if (use != use_) return;
    asking_ = false;
    if (status.ok()) return OnAnswer(stand, lease, response);
    ask_ = true;
    retry_at_ = loop_.now() + kPause;
  });
}

void Claim::OnAnswer(std::uint64_t stand, std::int64_t lease, const TxnResponse& response) {
  std::int64_t created = response.header().revision();
  if (!response.succeeded()) {
    const auto& found = RangeOf(response, 0);
    if (found.kvs_size() == 0) {
      ask_ = true;
      return;
    }
    if (found.kvs(0).lease() != lease) return;  // another's: the watch tells when it goes
    created = found.kvs(0).create_revision();
  }
  if (lease != lease_.id()) return;  // it goes with that lease
  term_ = created;
  its_lease_ = lease;
  its_stand_ = stand;
  notes_.LeadUntil(lease_.runs_out());
  notes_.Lead(stand, static_cast<std::uint64_t>(term_), NotesOf(RangeOf(response, 1), layout_));
}

void Claim::Save() {
  saving_ = true;
  const Notes::Texts taken = notes_.TakeUnsaved(kMostNotes);
  TxnRequest request = IfCreatedAt(term_);
  for (const auto& [key, value] : taken) {
    if (value.empty()) {
      request.add_success()->mutable_request_delete_range()->set_key(layout_.Note(key));
    } else {
      auto& put = *request.add_success()->mutable_request_put();
      put.set_key(layout_.Note(key));
      put.set_value(value);
    }
  }
  // Cut off meanwhile, it is written once more: nobody else writes while the claim stands.
  Send(request, [this, use = use_, term = term_, member = member_, taken](const grpc::Status& status,
                                                                          TxnResponse& response) {
    if (use == use_) saving_ = false;
    if (term != term_) return;
    if (!status.ok()) {
      notes_.NotSaved(taken, absl::UnavailableError(Describe(*member, status)));
      if (use == use_) retry_at_ = loop_.now() + kPause;
    } else if (response.succeeded()) {
      notes_.Saved();
    } else {
      ask_ = true;
      Lose();
    }
  });
}

void Claim::GiveBack() {
  giving_back_ = true;
  TxnRequest request = IfCreatedAt(term_);
  request.add_success()->mutable_request_delete_range()->set_key(layout_.Claim());
  Send(request, [this, use = use_, term = term_](const grpc::Status& status, TxnResponse&) {
    if (use != use_) return;
    giving_back_ = false;
    if (!status.ok()) {
      retry_at_ = loop_.now() + kPause;
    } else if (term == term_) {
      ask_ = true;
      Lose();
    }
  });
}

void Claim::Lose() {
  if (std::exchange(term_, 0) != 0) notes_.Lose();
}

}  // namespace liveness::storage::etcd
