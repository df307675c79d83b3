#include "server/rpc/canary/accept_canary.h"

#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

#include "common/strings.h"

namespace liveness::rpc {
namespace {

using common::Duration;
using common::MonoTime;

// A connection on which no answer came by then did not get in.
constexpr Duration kPatience = std::chrono::seconds(5);

}  // namespace

MonoTime AcceptCanary::Tend(MonoTime now, const CanaryOptions& options, grpc::CompletionQueue& cq,
                            Streams& leaving) {
  if (dialed_ != nullptr) TakeDialed(now, options, leaving);
  common::MutexLock lock(mu_);
  if (hurried_.exchange(false, std::memory_order_relaxed)) watch_.Hurry(now);
  if (dialed_ != nullptr || now < watch_.due()) return watch_.due();
  watch_.Tried(now);
  dialed_ = std::make_unique<CanaryStream>(options, cq);
  dialed_at_ = now;
  return watch_.due();
}

void AcceptCanary::TakeDialed(MonoTime now, const CanaryOptions& options, Streams& leaving) {
  const CanaryStream::State state = dialed_->state();
  if (state == CanaryStream::State::kDialing && now - dialed_at_ < kPatience) return;
  bool changed = false;
  {
    common::MutexLock lock(mu_);
    const bool was_closed = watch_.IsClosed();
    if (state == CanaryStream::State::kOpen) {
      watch_.GotIn(now);
    } else {
      watch_.Failed(now,
                    state == CanaryStream::State::kOver ? dialed_->status().error_message() : "no answer");
    }
    changed = watch_.IsClosed() != was_closed;
  }
  dialed_->Cancel();
  leaving.push_back(std::move(dialed_));
  if (!changed) return;
  const auto why_not = WhyNotAccepting();
  if (why_not) {
    spdlog::warn("{}; the server is not ready until one does", *why_not);
  } else {
    spdlog::info("new connections get in again");
  }
  if (options.on_accepting) options.on_accepting(why_not);
}

void AcceptCanary::Close(Streams& leaving) {
  if (dialed_ != nullptr) leaving.push_back(std::move(dialed_));
  common::MutexLock lock(mu_);
  watch_ = {};
}

std::optional<std::string> AcceptCanary::WhyNotAccepting() const {
  common::MutexLock lock(mu_);
  if (!watch_.IsClosed()) return std::nullopt;
  return common::StrCat("no new connection gets in: ", watch_.why());
}

std::optional<MonoTime> AcceptCanary::last_success() const {
  common::MutexLock lock(mu_);
  return watch_.last_success();
}

}  // namespace liveness::rpc
