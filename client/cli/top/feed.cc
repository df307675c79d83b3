#include "client/cli/top/feed.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include "client/cli/print/error_text.h"
#include "common/backoff.h"
#include "common/random.h"

namespace liveness::cli::top {
namespace {

// The server promises a message every 5 s.
constexpr common::Duration kSilenceLimit = std::chrono::seconds(16);
constexpr std::size_t kMostEvents = 1'000;

}  // namespace

Feed::Feed(const GlobalSettings& global, std::string filter, std::function<void()> wake)
    : global_(global), filter_(std::move(filter)), wake_(std::move(wake)) {
  auto api = Api::Create(global_);
  if (!api.ok()) {  // a file has changed meanwhile
    Put({.kind = Event::Kind::kLost, .trouble = std::string(api.status().message())});
    return;
  }
  api_ = *std::move(api);
  thread_ = std::thread([this] { Run(); });
}

Feed::~Feed() {
  stop_.Set();
  {
    common::MutexLock lock(mu_);
    over_ = true;
    taken_.NotifyAll();
  }
  if (api_ != nullptr) api_->Cancel();
  if (thread_.joinable()) thread_.join();
}

std::vector<Feed::Event> Feed::Take() {
  common::MutexLock lock(mu_);
  taken_.NotifyAll();
  return std::exchange(events_, {});
}

bool Feed::Put(Event event) {
  {
    common::MutexLock lock(mu_);
    while (!over_ && events_.size() >= kMostEvents) taken_.Wait(mu_);
    if (over_) return false;
    events_.push_back(std::move(event));
  }
  wake_();
  return true;
}

void Feed::Run() {
  v1::WatchClientsRequest request;
  request.set_filter(filter_);
  common::Backoff backoff({}, common::RandomUniform);
  while (!stop_.IsSet()) {
    bool is_first = true;
    bool in_snapshot = request.start_revision() == 0;
    const absl::Status status =
        api_->Watch(request, kSilenceLimit, [&](const v1::WatchClientsResponse& message) {
          if (std::exchange(is_first, false)) {
            backoff.Succeeded();
            Put({.kind = Event::Kind::kBegun,
                 .server = api_->server(),
                 .from_snapshot = request.start_revision() == 0});
          }
          if (message.has_gap()) in_snapshot = true;
          if (message.snapshot_done()) in_snapshot = false;
          // A watch cannot be resumed from half a snapshot.
          request.set_start_revision(in_snapshot ? 0 : message.revision());
          request.set_history_id(in_snapshot ? "" : message.history_id());
          Put({.kind = Event::Kind::kMessage, .message = message});
        });
    if (stop_.IsSet()) return;
    // A server that does not know the revision: what it does know is told anew.
    if (absl::IsOutOfRange(status)) request.set_start_revision(0);
    Put({.kind = Event::Kind::kLost, .trouble = ErrorText(status, api_->server(), global_.tls)});
    if (stop_.AwaitFor(backoff.Next(), common::SystemClock())) return;
  }
}

}  // namespace liveness::cli::top
