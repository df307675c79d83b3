#include "server/storage/etcd/opening.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/random.h"
#include "server/storage/etcd/answers.h"
#include "server/storage/etcd/checks/origin_check.h"
#include "server/storage/etcd/checks/rights_check.h"

namespace liveness::storage::etcd {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::Event;
using grpc::StatusCode;

constexpr std::chrono::seconds kQuick(2);  // for a small request
constexpr std::chrono::seconds kSlow(60);  // for a page, or the whole of a replay
constexpr std::chrono::milliseconds kPause(100);
constexpr int kLoads = 5;

absl::Status Translate(const Member& member, const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat("etcd at ", Describe(member, status)));
}

}  // namespace

bool Curable(const grpc::Status& status) {
  switch (status.error_code()) {
    case StatusCode::UNAVAILABLE:
    case StatusCode::DEADLINE_EXCEEDED:
    case StatusCode::CANCELLED:
    case StatusCode::UNKNOWN:
    case StatusCode::INTERNAL:
    case StatusCode::RESOURCE_EXHAUSTED: return true;
    default: return false;
  }
}

absl::Status Opening::Try(common::Duration each, const Attempt& attempt) {
  const common::MonoTime give_up = clock_.Mono() + options_.open_patience;
  for (;;) {
    const Member& member = members_.at(current_);
    grpc::Status status = logged_in_ || !members_.logs_in() ? grpc::Status::OK : LogIn(member);
    if (status.ok()) {
      grpc::ClientContext context;
      members_.Prepare(context, each);
      status = attempt(member, context);
    }
    if (status.ok()) return absl::OkStatus();
    const bool log_in = members_.logs_in() && NeedsLogIn(status);
    if (log_in) logged_in_ = false;
    if (!(Curable(status) || log_in) || clock_.Mono() > give_up) return Translate(member, status);
    ++current_;
    if (current_ % members_.size() == 0) Pause(kPause);
  }
}

grpc::Status Opening::LogIn(const Member& member) {
  auto request = members_.LogIn();
  if (!request.ok()) {
    return {StatusCode::FAILED_PRECONDITION, std::string(request.status().message())};
  }
  members_.set_token("");
  grpc::ClientContext context;
  members_.Prepare(context, kQuick);
  etcdserverpb::AuthenticateResponse response;
  grpc::Status status = member.auth->Authenticate(&context, *request, &response);
  logged_in_ = status.ok();
  if (status.ok()) members_.set_token(response.token());
  return status;
}

void Opening::Pause(common::Duration span) {
  common::MutexLock lock(mu_);
  nobody_.WaitFor(mu_, span);
}

absl::StatusOr<std::string> Opening::ReadOrCreate(const std::string& key, const std::string& fresh) {
  etcdserverpb::TxnRequest request;
  Compare& absent = *request.add_compare();
  absent.set_key(key);
  absent.set_target(Compare::CREATE);
  absent.set_create_revision(0);
  auto& put = *request.add_success()->mutable_request_put();
  put.set_key(key);
  put.set_value(fresh);
  request.add_failure()->mutable_request_range()->set_key(key);

  std::string value;
  auto status = Try(kQuick, [&](const Member& member, grpc::ClientContext& context) {
    etcdserverpb::TxnResponse response;
    grpc::Status done = member.kv->Txn(&context, request, &response);
    if (!done.ok()) return done;
    if (response.succeeded()) {
      value = fresh;
    } else if (const auto& found = RangeOf(response, 0); found.kvs_size() == 1) {
      value = found.kvs(0).value();
    } else {
      return grpc::Status(StatusCode::UNAVAILABLE, absl::StrCat("it does not tell what ", key, " holds"));
    }
    return done;
  });
  if (!status.ok()) return status;
  return value;
}

absl::StatusOr<Opened> Opening::Open() {
  const auto wall = clock_.Wall().time_since_epoch();
  const History fresh{
      common::RandomHexId().substr(0, 16),
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(wall).count())};
  TokenKey fresh_key;
  common::RandomBytes(fresh_key);

  auto history = ReadOrCreate(layout_.History(), EncodeHistory(fresh));
  if (!history.ok()) return history.status();
  auto key = ReadOrCreate(layout_.TokenKey(), EncodeTokenKey(fresh_key));
  if (!key.ok()) return key.status();
  const auto read_history = DecodeHistory(*history);
  const auto read_key = DecodeTokenKey(*key);
  if (!read_history || !read_key) {
    return absl::DataLossError(absl::StrCat(
        "etcd's key ", read_history ? layout_.TokenKey() : layout_.History(), " holds nothing of ours"));
  }
  const auto try_members = [this](common::Duration each, const Attempt& attempt) {
    return Try(each, attempt);
  };
  const auto checked = OriginCheck(options_, layout_, members_, clock_, try_members).Run();
  if (!checked.ok()) return checked.status();
  RightsCheck(options_, layout_, try_members).Run();
  return Opened{*checked, *read_key};
}

absl::StatusOr<std::int64_t> Opening::WriteMarker() {
  etcdserverpb::TxnRequest request;
  auto& put = *request.add_success()->mutable_request_put();
  put.set_key(layout_.Marker());
  put.set_value(options_.server_id);
  std::int64_t revision = 0;
  auto status = Try(kQuick, [&](const Member& member, grpc::ClientContext& context) {
    etcdserverpb::TxnResponse response;
    grpc::Status done = member.kv->Txn(&context, request, &response);
    revision = response.header().revision();
    return done;
  });
  if (!status.ok()) return status;
  return revision;
}

absl::StatusOr<Loaded> Opening::Load(const History& history, std::uint64_t writer, RecentHistory& recent) {
  absl::StatusOr<Loaded> loaded = absl::UnknownError("");
  for (int n = 0; n < kLoads; ++n) {
    loaded = LoadOnce(history, writer, recent);
    // Compacted under our hands: begin anew.
    if (!absl::IsOutOfRange(loaded.status())) break;
  }
  return loaded;
}

absl::StatusOr<Loaded> Opening::LoadOnce(const History& history, std::uint64_t writer,
                                         RecentHistory& recent) {
  const auto until = WriteMarker();
  if (!until.ok()) return until.status();
  Loaded loaded{std::make_unique<Mirror>(layout_, history, writer), *until};
  const auto depth = static_cast<std::int64_t>(options_.max_history);
  // etcd's first revision is 1: nothing.
  std::int64_t from = std::max<std::int64_t>(*until - depth, 1);
  absl::Status listed = List(from, *loaded.mirror);
  if (absl::IsOutOfRange(listed)) {
    const auto compacted = CompactedAt(from);
    if (!compacted.ok()) return compacted.status();
    from = *compacted;
    listed = List(from, *loaded.mirror);
  }
  if (!listed.ok()) return listed;
  recent.StartAfter(history.Told(from));
  if (from < *until) {
    if (auto status = Replay(from, *until, *loaded.mirror, recent); !status.ok()) return status;
  }
  return loaded;
}

absl::Status Opening::List(std::int64_t revision, Mirror& mirror) {
  etcdserverpb::RangeRequest request;
  request.set_key(layout_.begin());
  request.set_range_end(layout_.end());
  request.set_limit(kPageKeys);
  request.set_revision(revision);
  for (bool more = true; more;) {
    etcdserverpb::RangeResponse page;
    auto status = Try(kSlow, [&](const Member& member, grpc::ClientContext& context) {
      page.Clear();
      return member.kv->Range(&context, request, &page);
    });
    if (!status.ok()) return status;
    for (const auto& kv : page.kvs()) {
      if (auto loaded = mirror.Load(kv); !loaded.ok()) return loaded;
    }
    more = page.more() && page.kvs_size() > 0;
    if (more) request.set_key(page.kvs(page.kvs_size() - 1).key() + '\0');
  }
  return absl::OkStatus();
}

absl::Status Opening::Replay(std::int64_t after, std::int64_t until, Mirror& mirror, RecentHistory& recent) {
  std::int64_t from = after + 1;
  const auto none = [](std::uint64_t) { return nullptr; };
  return Follow(from, [&](const etcdserverpb::WatchResponse& response) {
    ByRevision(response.events(), [&](const std::vector<const Event*>& same) {
      // What comes after the marker is the loop's to tell.
      if (from > until) return;
      const Mirror::Step step = mirror.Apply(same, none, clock_.Wall());
      if (!step.items.empty()) recent.Append(TransitionsOf(step));
      from = same.front()->kv().mod_revision() + 1;
    });
    return from > until;
  });
}

absl::StatusOr<std::int64_t> Opening::CompactedAt(std::int64_t revision) {
  std::int64_t compacted = 0;
  auto status = Follow(revision, [&](const etcdserverpb::WatchResponse& response) {
    compacted = response.compact_revision();
    // Whoever sees events is not compacted any more: read them by the next try.
    return compacted > 0 || response.events_size() > 0;
  });
  if (compacted > 0) return compacted;
  return status.ok() ? absl::OutOfRangeError("etcd's history moved while it was read") : status;
}

absl::Status Opening::Follow(const std::int64_t& from,
                             const std::function<bool(const etcdserverpb::WatchResponse& response)>& take) {
  return Try(kSlow, [&](const Member& member, grpc::ClientContext& context) {
    auto stream = member.watch->Watch(&context);
    etcdserverpb::WatchRequest request;
    auto& create = *request.mutable_create_request();
    create.set_key(layout_.begin());
    create.set_range_end(layout_.end());
    create.set_start_revision(from);
    stream->Write(request);
    etcdserverpb::WatchResponse response;
    bool enough = false;
    std::string cancelled;
    while (!enough && cancelled.empty() && stream->Read(&response)) {
      enough = take(response);
      if (response.canceled())
        cancelled = absl::StrCat("the watch was cancelled: ", response.cancel_reason());
    }
    context.TryCancel();
    const grpc::Status end = stream->Finish();
    if (enough) return grpc::Status::OK;
    if (cancelled.empty()) return end;
    // Compacted, if it gives no reason: begin anew.
    return grpc::Status(response.compact_revision() > 0 ? StatusCode::OUT_OF_RANGE : StatusCode::UNAVAILABLE,
                        cancelled);
  });
}

std::vector<core::TransitionPtr> TransitionsOf(const Mirror::Step& step) {
  std::vector<core::TransitionPtr> transitions;
  transitions.reserve(step.items.size());
  for (const Mirror::Step::Item& item : step.items) {
    transitions.push_back(std::make_shared<const core::Transition>(
        core::Transition{item.before, item.committed.after, item.committed.time}));
  }
  return transitions;
}

void ByRevision(const google::protobuf::RepeatedPtrField<Event>& events,
                const std::function<void(const std::vector<const Event*>& same)>& take) {
  std::vector<const Event*> same;
  for (const Event& event : events) {
    if (!same.empty() && same.front()->kv().mod_revision() != event.kv().mod_revision()) {
      take(same);
      same.clear();
    }
    same.push_back(&event);
  }
  if (!same.empty()) take(same);
}

}  // namespace liveness::storage::etcd
