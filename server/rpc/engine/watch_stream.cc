#include "server/rpc/engine/watch_stream.h"

#include <algorithm>
#include <chrono>

#include "common/status.h"

namespace liveness::rpc {
namespace {

constexpr common::Duration kRetryDelay = std::chrono::seconds(5);
constexpr common::Duration kWorkersBusyPause = std::chrono::milliseconds(20);

absl::Status TooMany(std::string_view what) {
  return common::WithRetryDelay(
      common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS", what), kRetryDelay);
}

}  // namespace

absl::Status WatchStreams::Add(const std::shared_ptr<WatchStream>& stream, std::size_t max_streams) {
  common::MutexLock lock(mu_);
  if (ended_) return *ended_;
  if (streams_.size() >= max_streams) return TooMany("too many watches are open");
  streams_.emplace(stream.get(), stream);
  return absl::OkStatus();
}

void WatchStreams::Remove(WatchStream* stream) {
  common::MutexLock lock(mu_);
  streams_.erase(stream);
}

void WatchStreams::WakeAll() {
  {
    common::MutexLock lock(mu_);
    to_wake_.clear();
    for (const auto& [_, stream] : streams_) to_wake_.push_back(stream);
    waking_.store(!to_wake_.empty());
  }
  WakeNext();
}

void WatchStreams::WakeNext() {
  if (!waking_.load()) return;
  std::vector<std::shared_ptr<WatchStream>> next;  // goes after the lock
  {
    common::MutexLock lock(mu_);
    while (next.size() < kWakesAtOnce && !to_wake_.empty()) {
      if (std::shared_ptr<WatchStream> stream = to_wake_.back().lock()) next.push_back(std::move(stream));
      to_wake_.pop_back();
    }
    waking_.store(!to_wake_.empty());
  }
  for (const auto& stream : next) stream->Wake();
}

void WatchStreams::EndAll(const absl::Status& why) {
  absl::flat_hash_map<WatchStream*, std::weak_ptr<WatchStream>> streams;
  {
    common::MutexLock lock(mu_);
    ended_ = why;
    streams = streams_;
  }
  for (const auto& [_, weak] : streams) {
    if (const std::shared_ptr<WatchStream> stream = weak.lock()) stream->End(why);
  }
}

WatchStream::WatchStream(Method& method, std::shared_ptr<GenericCall> call)
    : call_(std::move(call)), method_(method) {}

void WatchStream::Start() {
  call_->WhenDone([self = shared_from_this()] { self->OnDone(); });
  call_->Read(CallTimer::Wait::kRequest, [self = shared_from_this()](auto came) { self->OnRequest(came); });
}

void WatchStream::Wake() {
  if (woken_.exchange(true)) return;
  wake_alarm_.Set(&cq(), gpr_inf_past(GPR_CLOCK_MONOTONIC), wake_tag_.Hold(shared_from_this()));
}

void WatchStream::End(const absl::Status& why) {
  {
    common::MutexLock lock(mu_);
    if (!end_) end_ = why;
  }
  Wake();
}

void WatchStream::Send(const grpc::ByteBuffer& message) {
  writing_ = true;
  call_->stream().Write(message, written_tag_.Hold(shared_from_this()));
}

void WatchStream::WakeAfter(common::Duration span) {
  if (ticking_ || over_) return;
  ticking_ = true;
  tick_alarm_.Set(&cq(), FromNow(span), tick_tag_.Hold(shared_from_this()));
}

void WatchStream::RunOnWorker(Lane lane, WorkerPool::Job job) {
  working_.store(true, std::memory_order_relaxed);
  const bool queued = engine().RunInTurns(lane, [self = shared_from_this(), job = std::move(job)] {
    if (job()) return true;
    self->working_.store(false, std::memory_order_release);
    self->Wake();
    return false;
  });
  if (queued) return;
  working_.store(false, std::memory_order_relaxed);
  // The timer may be set to a later moment. Its cancellation calls Advance(), which tries the workers again.
  if (ticking_) {
    tick_alarm_.Cancel();
  } else {
    WakeAfter(kWorkersBusyPause);
  }
}

void WatchStream::OnRequest(GenericCall::Came came) {
  if (over_) return;  // the caller is gone, and the stream is closed
  if (came != GenericCall::Came::kRequest) return Finish(GenericCall::WhyNoRequest(came));
  if (!place_.Take(method_.per_peer, call_->quota_caller())) {
    return Finish(TooMany("this address or principal has as many watches open as one may"));
  }
  absl::Status opened = method_.streams.Add(shared_from_this(), method_.max_streams);
  if (opened.ok()) opened = Open(call_->request());
  call_->request().Clear();
  if (!opened.ok()) {
    Finish(opened);
    return;
  }
  Go();
}

void WatchStream::OnDone() {
  over_ = over_ || call_->context().IsCancelled();
  Go();
}

void WatchStream::OnWritten(bool ok) {
  writing_ = false;
  over_ = over_ || !ok;
  Go();
}

void WatchStream::OnWake(bool) {
  // Cleared first, so that a Wake() from here on sets the alarm anew. By an exchange, because this
  // thread must see what was done before a Wake() that found the flag set.
  woken_.exchange(false);
  method_.streams.WakeNext();
  Go();
}

void WatchStream::OnTick(bool) {
  ticking_ = false;
  Go();
}

void WatchStream::Go() {
  if (working_.load(std::memory_order_acquire)) return;
  if (over_) return CloseOnce();
  if (writing_) return;
  std::optional<absl::Status> end;
  {
    common::MutexLock lock(mu_);
    end = end_;
  }
  if (!end) {
    const absl::Status admitted = call_->StillAdmitted();
    if (admitted.ok()) return Advance();
    end = admitted;
  }
  if (!std::exchange(ending_, true)) {
    BeforeEnd();
    if (writing_) return;
  }
  Finish(*end);
}

void WatchStream::Finish(const absl::Status& why) {
  over_ = true;
  call_->Finish(why);
  CloseOnce();
}

void WatchStream::CloseOnce() {
  if (std::exchange(closed_, true)) return;
  method_.streams.Remove(this);
  place_.Release();
  if (ticking_) tick_alarm_.Cancel();
  Close();
}

}  // namespace liveness::rpc
