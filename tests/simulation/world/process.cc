#include "tests/simulation/world/process.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/simulation/rules/truth.h"
#include "tests/simulation/world/script.h"
#include "tests/simulation/world/wire.h"

namespace liveness::simulation {

using core::StreamEnd;
using Kind = Message::Kind;

Process::Process(const Parts& parts, Habits habits)
    : parts_(parts), habits_(std::move(habits)), runners_(habits_.patience, habits_.timeout / 8) {}

void Process::Connect() {
  if (!running_ || stopped_) return;
  for (const auto& each : runners_.TakeAll()) Leave(each);
  runners_.Answered();
  answered_ = parts_.script.now();
  // Whoever has the session now counts from this hello.
  Believe(std::min(believed_until_, parts_.script.now() + habits_.timeout));
  line_ = Open(false);
  next_ping_ = parts_.script.now() + habits_.interval;
  PlanWake(habits_.interval);
}

std::shared_ptr<Line> Process::Open(bool beside) {
  std::shared_ptr<Line> line = parts_.truth.NewLine(habits_.client_id, habits_.instance_id);
  line->last_delivery = parts_.script.now();
  line->adaptive = habits_.adaptive;
  line->beside = beside;
  if (habits_.races) line->attempt = ++attempts_;
  Send(line, {.kind = Kind::kHello, .token = token_, .labels = labels_});
  return line;
}

void Process::PlanWake(Duration in) {
  const std::uint64_t plan = ++plan_;
  parts_.script.After(in, "wake", [self = shared_from_this(), plan] { self->Wake(plan); });
}

void Process::Wake(std::uint64_t plan) {
  if (plan != plan_ || !running_ || stopped_) return;
  if (line_ == nullptr) return Connect();
  if (parts_.script.now() >= LostAt()) return GiveUp();
  if (parts_.script.now() >= next_ping_) {
    Ping();
    // Timers come a little late, never early.
    next_ping_ = parts_.script.now() + habits_.interval +
                 parts_.script.random().Between(Duration::zero(), habits_.interval / 20);
  }
  if (parts_.script.now() >= runners_.next()) OpenBeside();
  PlanWake(std::min({next_ping_, LostAt(), runners_.next()}) - parts_.script.now());
}

MonoTime Process::LostAt() const { return answered_ + (habits_.races ? 3 : 1) * habits_.timeout; }

void Process::Ping() {
  Send(line_, {.kind = Kind::kPing});
  if (habits_.races && token_) runners_.Asked(parts_.script.now());
}

void Process::OpenBeside() {
  const std::shared_ptr<Line> dropped = runners_.Add(Open(true), parts_.script.now());
  if (dropped != nullptr) Leave(dropped);
}

bool Process::MoveTo(const Line& line) {
  Runners::Lines left = runners_.TakeUpTo(line);
  if (left.empty()) return false;
  std::swap(line_, left.back());
  if (left.back() == nullptr) left.pop_back();
  // Those that it opened later may yet be of use.
  Random& random = parts_.script.random();
  if (random.Chance(50)) {
    for (auto& each : runners_.TakeAll()) left.push_back(std::move(each));
  }
  for (const auto& each : left) Leave(each);
  runners_.Answered();
  // It speaks on it at once, or when it would have.
  next_ping_ = random.Chance(50) ? parts_.script.now() : std::max(next_ping_, parts_.script.now());
  PlanWake(next_ping_ - parts_.script.now());
  return true;
}

void Process::Leave(const std::shared_ptr<Line>& line) {
  const std::optional<MonoTime> delivery = Delivery();
  if (!delivery) return;
  const Duration later = parts_.script.random().Between(Duration::zero(), habits_.interval);
  line->last_delivery = std::max(line->last_delivery, *delivery + later);
  parts_.wire.Deliver(line->last_delivery, shared_from_this(), line,
                      {.kind = Kind::kClose, .sent = parts_.script.now()});
}

void Process::GiveUp() {
  Close(StreamEnd::kConnectionClosed, hindered_until_ <= answered_);
  PlanWake(parts_.script.random().Between(Duration::zero(), habits_.interval));
}

void Process::Send(const std::shared_ptr<Line>& line, Message message) {
  if (line == nullptr) return;
  message.sent = parts_.script.now();
  if (message.kind == Kind::kPing && LosesOne()) return;
  const std::optional<MonoTime> delivery = Delivery();
  if (!delivery) return;
  line->last_delivery = std::max(line->last_delivery, *delivery);
  parts_.wire.Deliver(line->last_delivery, shared_from_this(), line, std::move(message));
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
  std::vector<std::shared_ptr<Line>> all = runners_.TakeAll();
  if (line_ != nullptr) all.push_back(std::exchange(line_, nullptr));
  for (const auto& each : all) Send(each, {.kind = Kind::kClose, .how = how, .for_our_sake = for_our_sake});
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
  Send(line_, {.kind = Kind::kGoodbye, .exit_code = exit_code});
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
  Send(line_, {.kind = Kind::kLabels, .labels = labels_});
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
  if (stopped_ || !running_) return;
  const bool moves = line_.get() != &line;
  if (moves && !MoveTo(line)) return;
  // In a session that it has already, it goes on believing.
  const bool goes_on = moves && token_ == incarnation;
  const MonoTime before = goes_on ? believed_until_ : MonoTime::min();
  Believe(MonoTime::min());
  token_ = incarnation;
  Believe(std::max(before, hello_sent + std::min(vouched_for, habits_.timeout)));
  answered_ = std::max(answered_, hello_sent);
}

void Process::OnPong(const Line& line, MonoTime ping_sent, Duration vouched_for) {
  if (line_.get() != &line || stopped_) return;
  answered_ = std::max(answered_, ping_sent);
  Believe(std::max(believed_until_, ping_sent + std::min(vouched_for, habits_.timeout)));
  runners_.Answered();
  if (runners_.all().empty() || parts_.script.random().Chance(50)) return;
  for (const auto& each : runners_.TakeAll()) Leave(each);
}

void Process::OnReset(const std::shared_ptr<Line>& line) {
  const auto& runners = runners_.all();
  const bool ours = line == line_ || std::find(runners.begin(), runners.end(), line) != runners.end();
  const auto delivery = ours ? Delivery() : std::nullopt;
  if (!delivery) return;
  parts_.script.After(*delivery - parts_.script.now(), "reset",
                      [self = shared_from_this(), line] { self->OnEnd(*line, false); });
}

void Process::OnKill() {
  if (line_ != nullptr) OnReset(line_);
  for (const auto& each : runners_.all()) OnReset(each);
}

void Process::OnEnd(const Line& line, bool final) {
  if (runners_.Drop(line)) {
    if (!final) return;
    running_ = false;
    return Close(StreamEnd::kConnectionClosed, false);
  }
  if (line_.get() != &line) return;
  line_ = nullptr;
  Believe(MonoTime::min());
  if (final) running_ = false;
  if (final) return Close(StreamEnd::kConnectionClosed, false);
  if (running_ && !stopped_) PlanWake(parts_.script.random().Between(Duration::zero(), habits_.interval));
}

}  // namespace liveness::simulation
