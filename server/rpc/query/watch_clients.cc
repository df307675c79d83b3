#include "server/rpc/query/watch_clients.h"

#include <algorithm>
#include <utility>

#include "common/limits.h"
#include "common/status.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/engine/message_bytes.h"

namespace liveness::rpc {
namespace {

// After so long without anything to tell the queue's thread looks whether the watcher is still there.
constexpr auto kLongestPull = std::chrono::milliseconds(100);

absl::Status SetFilter(const std::string& text, registry::WatchRequest& request) {
  absl::StatusOr<core::Filter> filter = core::Filter::Parse(text, core::WatchSchema());
  if (!filter.ok()) return filter.status();
  request.filter_key = text;
  if (filter->matches_all()) return absl::OkStatus();  // no filter: the registry then asks nothing
  request.filter_cost = filter->cost();
  request.filter =
      [shared = std::make_shared<const core::Filter>(*std::move(filter))](const core::ClientRecord& record) {
        return shared->Matches(core::ClientFields(record));
      };
  return absl::OkStatus();
}

absl::StatusOr<common::Duration> BookmarkInterval(const v1::WatchClientsRequest& request) {
  if (!request.has_bookmark_interval()) return WatchClientsCall::kMaxBookmarkInterval;
  const common::Duration wanted = FromProto(request.bookmark_interval());
  if (wanted <= common::Duration::zero()) {
    return common::BadFields("BAD_BOOKMARK_INTERVAL", {{"bookmark_interval", "must be greater than 0"}});
  }
  return std::clamp(wanted, WatchClientsCall::kMinBookmarkInterval, WatchClientsCall::kMaxBookmarkInterval);
}

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

  registry::WatchRequest watch;
  if (const absl::Status parsed = SetFilter(request.filter(), watch); !parsed.ok()) return parsed;
  watch.start_revision = request.start_revision();
  watch.history_id = request.history_id();
  // Weak: the registry may call while this call is coming to its end.
  watch.on_ready = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Wake();
  };
  absl::StatusOr<std::shared_ptr<registry::Watch>> started = registry_.StartWatch(std::move(watch));
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
      if (clock_.Mono() - last_sent_ >= kCatchUp) return End(reached);
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
