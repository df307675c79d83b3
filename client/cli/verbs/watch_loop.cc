#include "client/cli/verbs/watch_loop.h"

#include <chrono>
#include <cstddef>

#include "client/cli/print/error_text.h"

namespace liveness::cli {
namespace {

// The server promises a message every 5 s.
constexpr common::Duration kSilenceLimit = std::chrono::seconds(16);

// True if every later try would end the same.
bool IsFinal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kUnimplemented: return true;
    default: return false;
  }
}

// Has `follower` begin where the registry stands now.
absl::Status StartNow(Api& api, WatchFollower& follower) {
  v1::ListTransitionsRequest request;
  request.set_page_size(1);
  const auto page = api.ListTransitions(request);
  if (!page.ok()) return page.status();
  // To start at revision 0 is to ask for a snapshot, which nobody wants to see here.
  if (page->revision() == 0) follower.MuteSnapshot();
  follower.StartAt(page->revision(), page->history_id());
  return absl::OkStatus();
}

}  // namespace

void WatchLoop::Stop() {
  stop_.Set();
  api_.Cancel();
}

absl::Status WatchLoop::Stream(const Options& options) {
  server_ = api_.server();
  if (options.since_now && !started_) {
    const absl::Status status = StartNow(api_, follower_);
    if (!status.ok()) return status;
  }
  started_ = true;
  follower_.BeginStream();
  server_ = api_.server();
  bool first = true;
  return api_.Watch(follower_.Request(), kSilenceLimit, [&](const v1::WatchClientsResponse& response) {
    if (first && lost_at_.has_value()) {
      sink_.Resumed(server_, clock_.Mono() - *lost_at_, follower_.revision());
      lost_at_.reset();
    }
    first = false;
    connected_ = true;
    backoff_.Succeeded();
    follower_.Take(response);
    if (options.after_message) options.after_message();
  });
}

absl::Status WatchLoop::Run(const Options& options) {
  std::size_t attempts = 0;  // before the first connection
  while (!stop_.IsSet()) {
    const absl::Status status = Stream(options);
    if (stop_.IsSet()) break;
    const bool behind = connected_ && absl::IsOutOfRange(status);
    if (behind && follower_.IsBehindForGood(clock_.Mono())) {
      follower_.Forget(": no server knows of what was told before");
      continue;
    }
    const bool all_tried = ++attempts >= global_.servers.size();
    if ((IsFinal(status) && !behind) || (!connected_ && all_tried && !options.keep_trying)) return status;
    const std::string why = ErrorText(status, server_, global_.tls);
    if (!connected_) {
      sink_.NotYet(why);
    } else if (!lost_at_.has_value()) {
      lost_at_ = clock_.Mono();
      sink_.Disconnected(why, follower_.revision());
    }
    if (AwaitStop(backoff_.Next())) break;
  }
  return absl::OkStatus();
}

}  // namespace liveness::cli
