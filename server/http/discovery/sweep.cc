#include "server/http/discovery/sweep.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/status.h"
#include "server/http/error_response.h"

namespace liveness::http {
namespace {

// Each holds an answer of up to 64 MiB.
constexpr int kMostUnderWay = 16;
// Of 1,000 clients each at most: some milliseconds of a worker.
constexpr int kPartsASlice = 8;
// Clients taken at a time: bounds what is copied at once.
constexpr std::size_t kMaxPart = 256;
// Of Wants(), in the units of core/filter/filter_cost.h.
constexpr std::int64_t kWantsCost = 20;

absl::Status Incomplete(std::string_view reason, std::string_view message) {
  return common::WithRetryDelay(common::Error(absl::StatusCode::kUnavailable, reason, message),
                                std::chrono::seconds(1));
}

}  // namespace

SweepSource::SweepSource(const registry::Registry& registry, const common::Clock& clock)
    : registry_(registry), clock_(clock), began_(clock.Mono()), began_empty_([&registry] {
        const registry::Counts counts = registry.totals().counts;
        return counts.live() + counts.ended() == 0;
      }()) {}

absl::Status SweepSource::Complete() const {
  if (const absl::Status store = registry_.store_health(); !store.ok()) {
    return Incomplete("STORE_UNAVAILABLE", "the store fails: who is there is not known for certain");
  }
  if (began_empty_ && clock_.Mono() - began_ < registry_.options().restart_grace) {
    return Incomplete("STARTING",
                      "this server has just begun and knew nobody: its clients may be on their way back");
  }
  return absl::OkStatus();
}

bool SweepSource::TakePlace(const std::shared_ptr<Sweep>& sweep) {
  common::MutexLock lock(mu_);
  if (under_way_ < kMostUnderWay) {
    ++under_way_;
    return true;
  }
  waiting_.push_back(sweep);
  return false;
}

void SweepSource::LeavePlace() {
  for (;;) {
    std::shared_ptr<Sweep> next;
    {
      common::MutexLock lock(mu_);
      if (waiting_.empty()) {
        --under_way_;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (next->RunSlice()) return;
  }
}

void SweepSource::Forget(const Sweep* sweep) {
  std::shared_ptr<Sweep> forgotten;  // goes without the lock
  common::MutexLock lock(mu_);
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& each) { return each.get() == sweep; });
  if (found == waiting_.end()) return;
  forgotten = std::move(*found);
  waiting_.erase(found);
}

Sweep::Sweep(std::shared_ptr<SweepSource> source, std::shared_ptr<Exchange> exchange, core::Filter filter)
    : source_(std::move(source)),
      exchange_(std::move(exchange)),
      filter_(core::Filter::And(exchange_->caller()->view, filter)) {}

void Sweep::Start() {
  // Weak: the exchange holds it for as long as there is no answer.
  exchange_->OnGone([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->gone_ = true;
    self->source_->Forget(self.get());
  });
  scan_.limit = kMaxPart;
  scan_.filter_cost = filter_.cost() + kWantsCost;
  scan_.matches = [this](const core::ClientRecord& record, const core::Vitals& vitals) {
    return Matches(record, vitals);
  };
  if (source_->TakePlace(shared_from_this()) && !RunSlice()) source_->LeavePlace();
}

bool Sweep::Matches(const core::ClientRecord& record, const core::Vitals& vitals) {
  if (core::IsLive(record.state)) ++live_;
  if (record.state == core::State::kSuspect && record.cause == core::Cause::kServerLost) ++orphans_;
  return Wants(record) && filter_.Matches(core::ClientFields(record, vitals, now_));
}

bool Sweep::RunSlice() {
  if (gone_) return false;
  if (exchange_->RunOnWorker([self = shared_from_this()] { self->Slice(); })) return true;
  exchange_->Respond(ErrorResponse(ServerBusyError()));
  return false;
}

void Sweep::Slice() {
  Response answer;
  if (!Look(answer)) {
    if (RunSlice()) return;
  } else {
    exchange_->Respond(std::move(answer));
  }
  source_->LeavePlace();
}

bool Sweep::Look(Response& answer) {
  const auto fail = [&answer](const absl::Status& why) {
    answer = ErrorResponse(why);
    return true;
  };
  now_ = source_->Now();
  for (int part = 0; part < kPartsASlice; ++part) {
    if (const absl::Status complete = source_->Complete(); !complete.ok()) return fail(complete);
    registry::ScanResult seen = source_->registry().Scan(scan_);
    if (revision_ == 0 && sees_all()) revision_ = seen.revision;
    for (const core::ClientView& client : seen.views) {
      if (!sees_all()) revision_ = std::max(revision_, client.record->revision);
      if (const absl::Status taken = Take(client); !taken.ok()) return fail(taken);
    }
    scan_.after = std::move(seen.cursor);
    if (!seen.done) continue;
    if (orphans_ * 2 > live_) {
      return fail(Incomplete("CLIENTS_NOT_BACK",
                             "most clients have lost their server and may be on their way to another"));
    }
    answer = Finish(revision_);
    return true;
  }
  return false;
}

}  // namespace liveness::http
