#include "server/rpc/canary/canary.h"

#include <algorithm>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/numbers.h"
#include "common/random.h"
#include "common/strings.h"
#include "common/thread_name.h"
#include "server/core/time/canary_watch.h"
#include "server/net/endpoint.h"
#include "server/net/listen_address.h"
#include "server/rpc/engine/engine.h"

namespace liveness::rpc {
namespace {

using common::Duration;
using common::MonoTime;

constexpr Duration kPeriod = core::CanaryWatch::kPeriod;
// A stream that is not open by then is given up.
constexpr Duration kDialPatience = std::chrono::seconds(5);
constexpr Duration kDialPoll = std::chrono::milliseconds(10);
// A ping that is not heard for so long may be its own connection's trouble.
constexpr Duration kHangs = std::chrono::seconds(30);
// Dialed in vain for one queue, per queue: the server deals connections out in turn.
constexpr std::size_t kVainDials = 8;

constexpr common::Backoff::Options kPace = {.initial = std::chrono::seconds(1),
                                            .max = std::chrono::minutes(1)};

}  // namespace

std::string CanaryTarget(std::string_view listen_address) {
  if (listen_address.starts_with(net::kUnixPrefix)) return std::string(listen_address);
  const std::size_t colon = listen_address.rfind(':');
  std::string_view host = listen_address.substr(0, colon);
  const std::string_view port = listen_address.substr(colon + 1);
  // gRPC's wildcard takes IPv4 whichever of the two it is.
  if (host == "0.0.0.0" || host == "[::]" || host == "::") host = "127.0.0.1";
  const std::string address = common::StrCat(host, ":", port);
  if (!net::FromText(address)) return common::StrCat("dns:///", address);
  return common::StrCat(host.front() == '[' ? "ipv6:" : "ipv4:", address);
}

Canary::Canary(const common::Clock& clock, registry::QueuePulses& pulses, std::size_t dialed)
    : clock_(clock), pulses_(pulses), streams_(dialed), backoff_(kPace, common::RandomUniform) {}

Canary::~Canary() {
  Stop();
  cq_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (cq_.Next(&tag, &ok)) static_cast<Tag*>(tag)->Fire(ok);
}

void Canary::Start(CanaryOptions options) {
  options_ = std::move(options);
  thread_ = std::thread([this] { Run(); });
}

void Canary::Stop() {
  if (!thread_.joinable()) return;
  {
    common::MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
}

void Canary::Run() {
  common::NameThisThread("live-canary");
  while (true) {
    const MonoTime next = Tend(clock_.Mono());
    const bool dialing = dialed_ != nullptr || accept_.dialing();
    Turn(dialing ? kDialPoll : Duration::zero());
    common::MutexLock lock(mu_);
    while (!stopping_ && !dialing && !std::exchange(hurried_, false)) {
      const MonoTime now = clock_.Mono();
      if (now >= next) break;
      changed_.WaitFor(mu_, next - now);
    }
    if (stopping_) break;
  }
  Close();
}

MonoTime Canary::Tend(MonoTime now) {
  std::erase_if(leaving_, [](const auto& stream) { return stream->IsIdle(); });
  for (std::size_t queue = 0; queue < streams_.size(); ++queue) {
    std::unique_ptr<CanaryStream>& stream = streams_[queue];
    if (stream == nullptr || stream->state() != CanaryStream::State::kOver) continue;
    pulses_.at(queue).Lost();
    watched_.fetch_sub(1, std::memory_order_relaxed);
    leaving_.push_back(std::move(stream));
  }
  if (dialed_ != nullptr) TakeDialed(now);
  const bool complete = watched() == streams_.size();
  if (dialed_ == nullptr && !complete && now >= dial_next_) {
    dialed_ = std::make_unique<CanaryStream>(options_, cq_);
    dialed_at_ = now;
  }
  if (now >= ping_next_) {
    for (std::size_t queue = 0; queue < streams_.size(); ++queue) Ping(queue, now);
    for (std::size_t queue = streams_.size(); queue < pulses_.size(); ++queue) PingSpare(queue);
    ping_next_ = now + kPeriod;
  }
  const MonoTime accept_next = accept_.Tend(now, options_, cq_, leaving_);
  return std::min({ping_next_, accept_next, complete ? ping_next_ : dial_next_});
}

void Canary::TakeDialed(MonoTime now) {
  switch (dialed_->state()) {
    case CanaryStream::State::kDialing:
      if (now - dialed_at_ < kDialPatience) return;
      dialed_->Cancel();
      leaving_.push_back(std::move(dialed_));
      return Missed(now, "no answer");
    case CanaryStream::State::kOver: {
      const std::string why = dialed_->status().error_message();
      leaving_.push_back(std::move(dialed_));
      return Missed(now, why);
    }
    case CanaryStream::State::kOpen: break;
  }
  const std::size_t queue = dialed_->queue();
  if (queue >= streams_.size() || streams_[queue] != nullptr) {
    dialed_->Cancel();
    leaving_.push_back(std::move(dialed_));
    if (++duplicates_ < kVainDials * streams_.size()) return;
    duplicates_ = 0;
    return Missed(now, "its connections do not come to every queue");
  }
  streams_[queue] = std::move(dialed_);
  duplicates_ = 0;
  if (watched_.fetch_add(1, std::memory_order_relaxed) + 1 < streams_.size()) return;
  backoff_.Succeeded();
  if (std::exchange(complained_, false)) spdlog::info("the canary beats again on every queue");
}

void Canary::Ping(std::size_t queue, MonoTime now) {
  CanaryStream* const stream = streams_[queue].get();
  if (stream == nullptr) return;
  registry::QueuePulses::Queue& pulse = pulses_.at(queue);
  if (pulse.Waits(now) > kHangs) return stream->Cancel();
  // Also while others wait: each shows how far the queue was when it left.
  if (!stream->CanPing()) return;
  const MonoTime sent = clock_.Mono();
  pulse.Sent(sent);
  stream->Ping(sent);
}

void Canary::PingSpare(std::size_t queue) {
  if (options_.engine == nullptr) return;
  registry::QueuePulses::Queue& pulse = pulses_.at(queue);
  const MonoTime sent = clock_.Mono();
  if (pulse.Waits(sent) > kHangs) return;  // enough of them wait
  pulse.Sent(sent);
  const auto heard = [&pulse, sent, &clock = clock_] { pulse.HeardPing(sent, clock.Mono()); };
  if (!options_.engine->RunOnQueue(queue, heard)) pulse.Lost();
}

void Canary::TryAcceptSoon() {
  accept_.Hurry();
  common::MutexLock lock(mu_);
  hurried_ = true;
  changed_.NotifyOne();
}

void Canary::Missed(MonoTime now, const std::string& why) {
  dial_next_ = now + backoff_.Next();
  if (std::exchange(complained_, true)) return;
  spdlog::warn(
      "the canary does not reach {} on every queue: {}; until it does, credit for I/O threads that do not "
      "run is "
      "limited to what clients' sockets show",
      options_.target, why);
}

void Canary::Turn(Duration patience) {
  const auto deadline = [](Duration span) {
    return span == Duration::zero() ? gpr_inf_past(GPR_CLOCK_MONOTONIC)
                                    : gpr_convert_clock_type(FromNow(span), GPR_CLOCK_MONOTONIC);
  };
  void* tag = nullptr;
  bool ok = false;
  while (cq_.AsyncNext(&tag, &ok, deadline(patience)) == grpc::CompletionQueue::GOT_EVENT) {
    static_cast<Tag*>(tag)->Fire(ok);
    patience = Duration::zero();
  }
}

void Canary::Close() {
  for (std::size_t queue = 0; queue < pulses_.size(); ++queue) pulses_.at(queue).Lost();
  for (auto& stream : streams_) {
    if (stream != nullptr) leaving_.push_back(std::move(stream));
  }
  watched_.store(0, std::memory_order_relaxed);
  if (dialed_ != nullptr) leaving_.push_back(std::move(dialed_));
  accept_.Close(leaving_);
  for (const auto& stream : leaving_) stream->Cancel();
  void* tag = nullptr;
  bool ok = false;
  const auto idle = [](const auto& stream) { return stream->IsIdle(); };
  while (!std::all_of(leaving_.begin(), leaving_.end(), idle) && cq_.Next(&tag, &ok)) {
    static_cast<Tag*>(tag)->Fire(ok);
  }
  leaving_.clear();
}

}  // namespace liveness::rpc
