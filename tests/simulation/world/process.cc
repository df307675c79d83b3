#include "tests/simulation/world/process.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/rules/truth.h"
#include "tests/simulation/world/script.h"
#include "tests/simulation/world/wire.h"

namespace liveness::simulation {

using core::StreamEnd;
using Kind = Message::Kind;

Process::Process(const Parts& parts, Habits habits) : parts_(parts), habits_(std::move(habits)) {}

void Process::Connect() {
  if (!running_ || stopped_) return;
  line_ = parts_.truth.NewLine(habits_.client_id, habits_.instance_id);
  line_->last_delivery = parts_.script.now();
  line_->adaptive = habits_.adaptive;
  answered_ = parts_.script.now();
  // Whoever has the session now counts from this hello.
  Believe(std::min(believed_until_, parts_.script.now() + habits_.timeout));
  Send({.kind = Kind::kHello, .token = token_, .labels = labels_});
  next_ping_ = parts_.script.now() + habits_.interval;
  PlanWake(habits_.interval);
}

void Process::PlanWake(Duration in) {
  const std::uint64_t plan = ++plan_;
  parts_.script.After(in, "wake", [self = shared_from_this(), plan] { self->Wake(plan); });
}

void Process::Wake(std::uint64_t plan) {
  if (plan != plan_ || !running_ || stopped_) return;
  if (line_ == nullptr) return Connect();
  const MonoTime lost = answered_ + habits_.timeout;
  if (parts_.script.now() >= lost) return GiveUp();
  if (parts_.script.now() >= next_ping_) {
    Send({.kind = Kind::kPing});
    // Timers come a little late, never early.
    next_ping_ = parts_.script.now() + habits_.interval +
                 parts_.script.random().Between(Duration::zero(), habits_.interval / 20);
  }
  PlanWake(std::min(next_ping_, lost) - parts_.script.now());
}

void Process::GiveUp() {
  Close(StreamEnd::kConnectionClosed, hindered_until_ <= answered_);
  PlanWake(parts_.script.random().Between(Duration::zero(), habits_.interval));
}

void Process::Send(Message message) {
  if (line_ == nullptr) return;
  message.sent = parts_.script.now();
  if (message.kind == Kind::kPing && LosesOne()) return;
  const std::optional<MonoTime> delivery = Delivery();
  if (!delivery) return;
  line_->last_delivery = std::max(line_->last_delivery, *delivery);
  parts_.wire.Deliver(line_->last_delivery, shared_from_this(), line_, std::move(message));
}

std::optional<MonoTime> Process::Delivery() {
  const MonoTime now = parts_.script.now();
  if (cut_for_good_) return std::nullopt;
  Duration latency = parts_.script.random().Between(std::chrono::microseconds(50), habits_.latency);
  if (now < slow_until_) latency += slow_latency_;
  if (now >= cut_until_) return now + latency;
  if (drops_) return std::nullopt;
  return cut_until_ + latency;
}

void Process::Believe(MonoTime until) {
  believed_until_ = until;
  if (token_) parts_.truth.Believes(habits_.client_id, *token_, until);
}

void Process::Close(StreamEnd how, bool for_our_sake) {
  Believe(MonoTime::min());
  if (line_ == nullptr) return;
  Send({.kind = Kind::kClose, .how = how, .for_our_sake = for_our_sake});
  line_ = nullptr;
}

void Process::Crash() {
  if (!running_) return;
  running_ = false;
  Close(StreamEnd::kConnectionClosed, false);
}

void Process::Stop(Duration span) {
  if (!running_ || stopped_) return;
  stopped_ = true;
  Hinder(parts_.script.now() + span);
  parts_.script.After(span, "continue", [self = shared_from_this()] {
    self->stopped_ = false;
    self->PlanWake(Duration::zero());
  });
}

void Process::Cut(Duration span, bool drop) {
  if (!running_ || parts_.script.now() < cut_until_) return;
  cut_until_ = parts_.script.now() + span;
  drops_ = drop;
  Hinder(cut_until_);
}

void Process::Slow(Duration span, Duration latency) {
  slow_until_ = parts_.script.now() + span;
  slow_latency_ = latency;
  Hinder(slow_until_ + latency);
}

void Process::Goodbye(int exit_code) {
  if (!running_ || stopped_) return;
  running_ = false;
  Send({.kind = Kind::kGoodbye, .exit_code = exit_code});
  Close(StreamEnd::kHalfClosed, false);
}

void Process::Reconnect(bool close_first, StreamEnd how) {
  if (!running_ || stopped_) return;
  if (close_first) {
    Close(how, false);
    PlanWake(parts_.script.random().Between(Duration::zero(), habits_.interval));
    return;
  }
  // The old stream closes when the new one has long spoken: all it says is stale.
  const std::shared_ptr<Line> old = std::exchange(line_, nullptr);
  Connect();
  if (old == nullptr) return;
  const auto self = shared_from_this();
  const Duration later = parts_.script.random().Between(Duration::zero(), habits_.interval);
  for (const Kind kind : {Kind::kPing, Kind::kLabels, Kind::kClose}) {
    Message message{.kind = kind, .sent = parts_.script.now(), .labels = {{"zone", "stale"}}, .how = how};
    old->last_delivery = std::max(old->last_delivery, parts_.script.now() + later);
    parts_.wire.Deliver(old->last_delivery, self, old, std::move(message));
  }
}

void Process::UpdateLabels(core::Labels labels) {
  if (!running_ || stopped_) return;
  labels_ = std::move(labels);
  Send({.kind = Kind::kLabels, .labels = labels_});
}

void Process::BeSilent() {
  cut_for_good_ = true;
  running_ = false;
}

bool Process::LosesOne() {
  const bool lost = parts_.script.paths().Chance(habits_.loss);
  if (lost) Hinder(parts_.script.now() + std::chrono::nanoseconds(1));
  return lost;
}

void Process::Hinder(MonoTime until) { hindered_until_ = std::max(hindered_until_, until); }

void Process::OnWelcome(const Line& line, MonoTime hello_sent, std::uint64_t incarnation,
                        Duration vouched_for) {
  if (line_.get() != &line || stopped_) return;
  Believe(MonoTime::min());  // in what was before
  token_ = incarnation;
  Believe(hello_sent + std::min(vouched_for, habits_.timeout));
  answered_ = std::max(answered_, hello_sent);
}

void Process::OnPong(const Line& line, MonoTime ping_sent, Duration vouched_for) {
  if (line_.get() != &line || stopped_) return;
  answered_ = std::max(answered_, ping_sent);
  Believe(std::max(believed_until_, ping_sent + std::min(vouched_for, habits_.timeout)));
}

void Process::OnReset() {
  const auto delivery = line_ == nullptr ? std::nullopt : Delivery();
  if (!delivery) return;
  parts_.script.After(*delivery - parts_.script.now(), "reset",
                      [self = shared_from_this(), line = line_] { self->OnEnd(*line, false); });
}

void Process::OnEnd(const Line& line, bool final) {
  if (line_.get() != &line) return;
  line_ = nullptr;
  Believe(MonoTime::min());
  if (final) running_ = false;
  if (running_ && !stopped_) PlanWake(parts_.script.random().Between(Duration::zero(), habits_.interval));
}

}  // namespace liveness::simulation
