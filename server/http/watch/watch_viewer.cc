#include "server/http/watch/watch_viewer.h"

#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/http/error_response.h"
#include "server/http/json.h"
#include "server/rpc/query/watch_request.h"

namespace liveness::http {
namespace {

// After so long without anything to tell, the HTTP thread looks whether the viewer is still there.
constexpr auto kLongestPull = std::chrono::milliseconds(100);
// Where too many jobs wait for the workers.
constexpr auto kBusyPause = std::chrono::milliseconds(50);

// How soon a browser comes back.
const SharedText& Greeting() {
  static const SharedText text = std::make_shared<const std::string>("retry: 1000\n\n");
  return text;
}

}  // namespace

void WatchViewer::AddTo(Router& router, std::shared_ptr<WatchDeps> deps) {
  router.Add("GET", "/api/v1/watch", auth::Action::kView,
             [deps = std::move(deps)](const std::shared_ptr<Exchange>& exchange) {
               std::make_shared<WatchViewer>(deps, exchange)->Start();
             });
}

WatchViewer::WatchViewer(std::shared_ptr<WatchDeps> deps, std::shared_ptr<Exchange> exchange)
    : deps_(std::move(deps)), exchange_(std::move(exchange)), packer_(deps_->registry.history_id()) {}

WatchViewer::~WatchViewer() {
  common::MutexLock lock(deps_->mu);
  deps_->viewers.erase(this);
}

void WatchDeps::OnGateChanged() {
  std::vector<std::shared_ptr<WatchViewer>> all;  // go after the lock
  {
    common::MutexLock lock(mu);
    for (const auto& [address, weak] : viewers) {
      if (auto viewer = weak.lock()) all.push_back(std::move(viewer));
    }
  }
  for (const auto& viewer : all) viewer->Wake();
}

void WatchViewer::Start() {
  bool is_room = false;
  {
    common::MutexLock lock(deps_->mu);
    is_room = deps_->viewers.size() < deps_->max_viewers;
    if (is_room) deps_->viewers.emplace(this, weak_from_this());
  }
  if (!is_room) {
    return exchange_->Respond(ErrorResponse(
        common::WithRetryDelay(common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
                                             "too many viewers watch; --max-watchers bounds them"),
                               std::chrono::seconds(5))));
  }
  last_sent_ = deps_->clock.Mono();
  const bool taken = exchange_->RunOnWorker([self = shared_from_this()] {
    self->exchange_->Post([self, begun = self->Begin()] { self->OnBegun(begun); });
  });
  if (!taken) {
    OnBegun(ServerBusyError());
  }
}

absl::Status WatchViewer::Begin() {
  const Request& asked = exchange_->request();
  v1::WatchClientsRequest request;
  if (const absl::Status known = FromQuery(asked.query, request); !known.ok()) return known;
  if (!asked.last_event_id.empty()) {
    if (const absl::Status parsed = ParseEventId(asked.last_event_id, request); !parsed.ok()) return parsed;
  }
  const absl::StatusOr<common::Duration> interval = rpc::BookmarkInterval(request);
  if (!interval.ok()) return interval.status();
  bookmark_interval_ = *interval;
  absl::StatusOr<registry::WatchRequest> watch = rpc::ParseWatch(request, exchange_->caller()->view);
  if (!watch.ok()) return watch.status();
  // Weak: the registry may call while this viewer is coming to its end.
  watch->on_ready = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Wake();
  };
  auto started = deps_->registry.StartWatch(*std::move(watch));
  if (!started.ok()) return started.status();
  watch_ = *std::move(started);
  return absl::OkStatus();
}

void WatchViewer::OnBegun(const absl::Status& begun) {
  if (!begun.ok()) return exchange_->Respond(ErrorResponse(begun));
  OpenWhenReached();
}

void WatchViewer::OpenWhenReached() {
  if (const absl::Status reached = watch_->Reached(); !reached.ok()) {
    if (deps_->clock.Mono() - last_sent_ >= rpc::kWatchCatchUp)
      return exchange_->Respond(ErrorResponse(reached));
    return exchange_->After(rpc::kMinBookmarkInterval,
                            [self = shared_from_this()] { self->OpenWhenReached(); });
  }
  stream_ = exchange_->Begin(
      {200, "text/event-stream", nullptr, {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}},
      [self = shared_from_this()] {
        self->over_ = true;
        if (!self->busy_) self->watch_.reset();
      });
  Send({Greeting()});
  greeted_ = false;  // that told nothing
}

void WatchViewer::Wake() {
  if (woken_.exchange(true)) return;
  exchange_->Post([self = shared_from_this()] {
    self->woken_ = false;
    self->Advance();
  });
}

void WatchViewer::WakeAfter(common::Duration span) {
  if (std::exchange(ticking_, true)) return;
  exchange_->After(span, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->ticking_ = false;
    self->Advance();
  });
}

void WatchViewer::Work(void (WatchViewer::*job)()) {
  busy_ = exchange_->RunOnWorker([self = shared_from_this(), job] {
    ((*self).*job)();
    self->exchange_->Post([self] {
      self->busy_ = false;
      self->Advance();
    });
  });
  if (!busy_) WakeAfter(kBusyPause);
}

void WatchViewer::Advance() {
  if (over_) {
    if (!busy_) watch_.reset();
    return;
  }
  if (busy_ || stream_ == nullptr || !StillAdmitted()) return;
  if (!made_.empty()) return Send(std::exchange(made_, {}));
  bool more = false;
  if (packer_.empty() && !watch_->heavy()) {
    registry::WatchItem item = watch_->Next();
    more = item.more;
    packer_.Load(std::move(item), Now());
  }
  if (packer_.empty() && watch_->heavy()) {
    // A long past of which nothing concerned the viewer: it hears how far the past was read.
    if (deps_->clock.Mono() - last_sent_ >= bookmark_interval_ && SendBookmarkIfDue()) return;
    Work(&WatchViewer::PullSlice);
  } else if (packer_.heavy()) {
    Work(&WatchViewer::Pack);
  } else if (!packer_.empty()) {
    Send(packer_.Next());
  } else if (more) {
    Wake();
  } else if (!SendBookmarkIfDue()) {
    const common::Duration quiet = deps_->clock.Mono() - last_sent_;
    WakeAfter(quiet < bookmark_interval_ ? bookmark_interval_ - quiet : rpc::kMinBookmarkInterval);
  }
}

bool WatchViewer::StillAdmitted() {
  const auth::Caller& before = *exchange_->caller();
  if (deps_->gate.generation() == before.generation) return true;
  const auto caller = Admit(deps_->gate, exchange_->request(), auth::Action::kView);
  if (caller.ok() && (*caller)->view.text() == before.view.text()) {
    exchange_->SetCaller(*caller);
    return true;
  }
  if (!caller.ok()) {
    (void)deps_->gate.Refuse({.principal = before.principal,
                              .address = before.address,
                              .action = auth::Action::kView,
                              .why = common::Error(absl::StatusCode::kPermissionDenied, "REVOKED",
                                                   common::ToStd(caller.status().message()))});
  }
  // It comes back, and is told then what holds now.
  over_ = true;
  watch_.reset();
  stream_->Finish();
  return false;
}

void WatchViewer::PullSlice() {
  const common::MonoTime began = deps_->clock.Mono();
  while (watch_->heavy() && deps_->clock.Mono() - began < kLongestPull) {
    packer_.Load(watch_->Next(), Now());
    if (packer_.empty()) continue;
    made_ = packer_.Next();
    return;
  }
}

void WatchViewer::Send(std::vector<SharedText> parts) {
  if (parts.empty()) return Wake();
  last_sent_ = deps_->clock.Mono();
  greeted_ = true;
  busy_ = true;
  stream_->Write(std::move(parts), [self = shared_from_this()] {
    self->busy_ = false;
    self->Advance();
  });
}

bool WatchViewer::SendBookmarkIfDue() {
  // Who resumed and has missed nothing is told so at once.
  if (greeted_ && deps_->clock.Mono() - last_sent_ < bookmark_interval_) return false;
  const std::optional<std::uint64_t> revision = watch_->Caught();
  if (!revision) return false;
  Send({packer_.Bookmark(*revision)});
  return true;
}

}  // namespace liveness::http
