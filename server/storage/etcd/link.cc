#include "server/storage/etcd/link.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/storage/etcd/checks/origin.h"

namespace liveness::storage::etcd {
namespace {

using grpc::StatusCode;

constexpr std::chrono::seconds kPatience(1);       // for a small request
constexpr std::chrono::seconds kPagePatience(30);  // for a page of a listing
// After a round of members without success.
constexpr common::Duration kPause = std::chrono::milliseconds(100), kMaxPause = std::chrono::seconds(1);

}  // namespace

Link::Link(Loop& loop, Members& members, const Layout& layout, const History& history, std::int64_t told,
           Listener& listener)
    : loop_(loop),
      members_(members),
      layout_(layout),
      history_(history),
      listener_(listener),
      told_(told),
      retry_at_(loop.now()) {}

void Link::Tick() {
  members_.KeepConnected();
  if (member_ == nullptr && loop_.now() >= retry_at_) Connect();
}

void Link::Connect() {
  ++epoch_;
  member_ = &members_.at(next_member_);
  if (log_in_ && members_.logs_in()) {
    LogIn();
  } else {
    CheckHistory();
  }
}

void Link::Fail(const grpc::Status& status) {
  if (member_ == nullptr || loop_.ending()) return;
  if (NeedsLogIn(status)) log_in_ = true;
  const std::string why = Describe(*member_, status);
  ++epoch_;
  member_ = nullptr;
  connected_ = false;
  checking_ = false;
  ++next_member_;
  const std::size_t rounds = failures_++ / members_.size();
  common::Duration pause = rounds == 0 ? common::Duration::zero() : kPause;
  for (std::size_t n = 1; n < rounds && pause < kMaxPause; ++n) pause *= 2;
  retry_at_ = loop_.now() + std::min(pause, kMaxPause);
  loop_.CancelAll();
  listener_.OnDown(why);
}

void Link::LogIn() {
  const auto request = members_.LogIn();
  if (!request.ok()) {
    return Fail({StatusCode::FAILED_PRECONDITION, std::string(request.status().message())});
  }
  members_.set_token("");
  UnaryCall<etcdserverpb::AuthenticateResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kPatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->auth->AsyncAuthenticate(context, *request, queue);
      },
      [this, epoch = epoch_](const grpc::Status& status, etcdserverpb::AuthenticateResponse& response) {
        if (epoch != epoch_) return;
        if (!status.ok()) return Fail(status);
        members_.set_token(response.token());
        log_in_ = false;
        CheckHistory();
      });
}

void Link::CheckHistory() {
  etcdserverpb::RangeRequest request;
  request.set_key(layout_.History());
  UnaryCall<etcdserverpb::RangeResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kPatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->kv->AsyncRange(context, request, queue);
      },
      [this, epoch = epoch_](const grpc::Status& status, etcdserverpb::RangeResponse& response) {
        if (epoch != epoch_) return;
        if (!status.ok()) return Fail(status);
        OnChecked(response);
      });
}

void Link::OnChecked(const etcdserverpb::RangeResponse& response) {
  // The reading is linearizable: a revision below what was told is not a member
  // that lags, but an etcd that went back.
  const bool same = response.kvs_size() == 1 && response.kvs(0).value() == EncodeHistory(history_);
  const std::uint64_t cluster = response.header().cluster_id();
  if (cluster_id_ == 0) cluster_id_ = cluster;
  if (!same || response.header().revision() < told_ || cluster != cluster_id_) {
    listener_.OnOtherHistory(same ? "etcd's revision went back: it was restored from a copy"
                                  : "etcd holds another history: it was restored, wiped or is another one");
    return Fail({StatusCode::FAILED_PRECONDITION, "not the history that this server began with"});
  }
  connected_ = true;
  const std::uint64_t epoch = epoch_;
  listener_.OnConnected(*member_);
  if (epoch != epoch_) return;
  if (list_next_) {
    BeginList();
  } else {
    OpenWatch();
  }
}

void Link::OpenWatch() {
  const std::uint64_t epoch = epoch_;
  auto* call = WatchCall::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, {}); },
      [this](grpc::ClientContext* context, grpc::CompletionQueue* queue, void* tag) {
        return member_->watch->AsyncWatch(context, queue, tag);
      },
      [this, epoch](etcdserverpb::WatchResponse& response) {
        if (epoch == epoch_) OnWatchResponse(response);
      },
      [this, epoch](const grpc::Status& status) {
        if (epoch != epoch_) return;
        Fail(status.ok() ? grpc::Status(StatusCode::UNAVAILABLE, "the watch ended") : status);
      });
  etcdserverpb::WatchRequest request;
  auto& create = *request.mutable_create_request();
  create.set_key(layout_.begin());
  create.set_range_end(layout_.end());
  create.set_start_revision(told_ + 1);
  create.set_progress_notify(true);
  call->Send(std::move(request));
}

void Link::OnWatchResponse(const etcdserverpb::WatchResponse& response) {
  if (response.compact_revision() > 0) {
    // This watch is over; its stream ends with the connection, or idles beside the next one.
    return BeginList();
  }
  if (response.canceled()) {
    return Fail(
        {StatusCode::UNAVAILABLE, absl::StrCat("the watch was cancelled: ", response.cancel_reason())});
  }
  if (response.created()) return listener_.OnWatching();
  if (response.events_size() > 0) {
    told_ = response.events(response.events_size() - 1).kv().mod_revision();
    listener_.OnEvents(response.events());
  } else if (response.watch_id() >= 0) {
    told_ = std::max(told_, response.header().revision());
  }
}

void Link::CheckGiven(std::uint64_t given) {
  if (std::exchange(checking_, true)) return;
  etcdserverpb::RangeRequest request;
  request.set_key(layout_.History());
  UnaryCall<etcdserverpb::RangeResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kPatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->kv->AsyncRange(context, request, queue);
      },
      [this, epoch = epoch_, given](const grpc::Status& status, etcdserverpb::RangeResponse& response) {
        if (epoch != epoch_) return;
        checking_ = false;
        if (!status.ok()) return Fail(status);
        // Linearizable: no member is further.
        if (history_.Told(response.header().revision()) < given) Rename(given, response);
      });
}

void Link::Rename(std::uint64_t given, const etcdserverpb::RangeResponse& named) {
  checking_ = true;
  const History next = NextHistory(history_, named.header().revision(), given, loop_.wall());
  etcdserverpb::TxnRequest request;
  auto& same = *request.add_compare();
  same.set_key(layout_.History());
  same.set_target(etcdserverpb::Compare::MOD);
  same.set_mod_revision(named.kvs_size() == 1 ? named.kvs(0).mod_revision() : 0);
  auto& put = *request.add_success()->mutable_request_put();
  put.set_key(layout_.History());
  put.set_value(EncodeHistory(next));
  UnaryCall<etcdserverpb::TxnResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kPatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->kv->AsyncTxn(context, request, queue);
      },
      [this, epoch = epoch_, given](const grpc::Status& status, etcdserverpb::TxnResponse&) {
        if (epoch != epoch_) return;
        checking_ = false;
        if (!status.ok()) return Fail(status);
        listener_.OnOtherHistory(absl::StrCat("a client holds a session of revision ", given,
                                              ", which etcd has not come to: it went back"));
        Fail({StatusCode::FAILED_PRECONDITION, "not the history that this server began with"});
      });
}

void Link::BeginList() {
  listener_.OnListingBegins();
  List(layout_.begin(), 0);
}

void Link::List(const std::string& from, std::int64_t revision) {
  etcdserverpb::RangeRequest request;
  request.set_key(from);
  request.set_range_end(layout_.end());
  request.set_limit(kPageKeys);
  request.set_revision(revision);
  UnaryCall<etcdserverpb::RangeResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kPagePatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->kv->AsyncRange(context, request, queue);
      },
      [this, epoch = epoch_, revision](const grpc::Status& status, etcdserverpb::RangeResponse& page) {
        if (epoch != epoch_) return;
        if (!status.ok()) return Fail(status);
        // All pages are as of the first one's revision.
        if (revision != 0) page.mutable_header()->set_revision(revision);
        OnListPage(page);
      });
}

void Link::OnListPage(const etcdserverpb::RangeResponse& page) {
  listener_.OnPage(page);
  const std::int64_t revision = page.header().revision();
  if (page.more() && page.kvs_size() > 0) {
    return List(page.kvs(page.kvs_size() - 1).key() + '\0', revision);
  }
  list_next_ = false;
  const std::int64_t after = std::exchange(told_, revision);
  const std::uint64_t epoch = epoch_;
  listener_.OnListed(after, revision);
  if (epoch == epoch_) OpenWatch();
}

}  // namespace liveness::storage::etcd
