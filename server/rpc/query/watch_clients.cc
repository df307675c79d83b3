#include "server/rpc/query/watch_clients.h"

#include <utility>

#include "liveness/v1/registry_service.pb.h"
#include "server/rpc/engine/message_bytes.h"
#include "server/rpc/query/watch_request.h"

namespace liveness::rpc {
namespace {

// After so long without anything to tell the queue's thread looks whether the watcher is still there.
constexpr auto kLongestPull = std::chrono::milliseconds(100);

}  // namespace

WatchClientsCall::WatchClientsCall(registry::Registry& registry, const common::Clock& clock, Method& method,
                                   std::shared_ptr<GenericCall> call)
    : WatchStream(method, std::move(call)),
      registry_(registry),
      clock_(clock),
      packer_(registry.history_id()) {}

absl::Status WatchClientsCall::Open(grpc::ByteBuffer& request) {
  request_.Swap(&request);
  last_sent_ = clock_.Mono();
  return absl::OkStatus();
}

absl::Status WatchClientsCall::Begin() {
  v1::WatchClientsRequest request;
  if (const absl::Status parsed = ParseMessage(request_, request); !parsed.ok()) return parsed;
  absl::StatusOr<common::Duration> bookmark_interval = BookmarkInterval(request);
  if (!bookmark_interval.ok()) return bookmark_interval.status();
  bookmark_interval_ = *bookmark_interval;

  absl::StatusOr<registry::WatchRequest> watch = ParseWatch(request, caller().view);
  if (!watch.ok()) return watch.status();
  // Weak: the registry may call while this call is coming to its end.
  watch->on_ready = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Wake();
  };
  absl::StatusOr<std::shared_ptr<registry::Watch>> started = registry_.StartWatch(*std::move(watch));
  if (!started.ok()) return started.status();
  watch_ = *std::move(started);
  return absl::OkStatus();
}

void WatchClientsCall::Advance() {
  if (!begun_.ok()) return End(begun_);
  if (watch_ == nullptr) {
    RunOnWorker(Lane::kQueries, [this] {
      begun_ = Begin();
      return false;
    });
    return;
  }
  if (!reached_) {
    if (const absl::Status reached = watch_->Reached(); !reached.ok()) {
      if (clock_.Mono() - last_sent_ >= kWatchCatchUp) return End(reached);
      return WakeAfter(kMinBookmarkInterval);
    }
    reached_ = true;
  }
  if (made_) {
    SendNow(*std::exchange(made_, std::nullopt));
    return;
  }
  bool more = false;
  if (packer_.empty() && !watch_->heavy()) {
    registry::WatchItem item = watch_->Next();
    more = item.more;
    packer_.Load(std::move(item), Now());
  }
  if (packer_.empty() && watch_->heavy()) {
    // A long past of which nothing concerned the watcher: it hears how far the past was read.
    if (clock_.Mono() - last_sent_ >= bookmark_interval_ && SendBookmarkIfDue()) return;
    pull_began_ = clock_.Mono();
    RunOnWorker(Lane::kLong, [this] { return PullSlice(); });
  } else if (packer_.heavy()) {
    RunOnWorker(Lane::kQueries, [this] {
      made_ = packer_.Next();
      return false;
    });
  } else if (!packer_.empty()) {
    SendNow(packer_.Next());
  } else if (more) {
    Wake();
  } else if (!SendBookmarkIfDue()) {
    const common::Duration quiet = clock_.Mono() - last_sent_;
    WakeAfter(quiet < bookmark_interval_ ? bookmark_interval_ - quiet : kMinBookmarkInterval);
  }
}

bool WatchClientsCall::PullSlice() {
  if (packer_.empty()) packer_.Load(watch_->Next(), Now());
  if (!packer_.empty()) {
    made_ = packer_.Next();
    return false;
  }
  return watch_->heavy() && clock_.Mono() - pull_began_ < kLongestPull;
}

void WatchClientsCall::SendNow(const grpc::ByteBuffer& message) {
  greeted_ = true;
  last_sent_ = clock_.Mono();
  Send(message);
}

bool WatchClientsCall::SendBookmarkIfDue() {
  // A watcher that resumed and has missed nothing is told so at once.
  if (greeted_ && clock_.Mono() - last_sent_ < bookmark_interval_) return false;
  const std::optional<std::uint64_t> revision = watch_->Caught();
  if (!revision) return false;
  SendNow(packer_.Bookmark(*revision));
  return true;
}

void WatchClientsCall::Close() { watch_.reset(); }

}  // namespace liveness::rpc
