// Between the processes and the registry: what server/rpc does with what it
// reads, and what waits while it cannot. See world.h.
#include <algorithm>
#include <utility>

#include "common/status.h"
#include "tests/simulation/world.h"

namespace liveness::simulation {

using Kind = Message::Kind;

namespace {

const char* Name(Kind kind) {
  switch (kind) {
    case Kind::kHello: return "hello";
    case Kind::kPing: return "ping";
    case Kind::kLabels: return "labels";
    case Kind::kGoodbye: return "goodbye";
    case Kind::kClose: return "close";
  }
  return "?";
}

}  // namespace

// The server's end of a stream: what it writes reaches the process later.
class Wire final : public registry::StreamHandle {
 public:
  Wire(World& world, const std::shared_ptr<Process>& process, std::shared_ptr<Line> line)
      : world_(world), process_(process), line_(std::move(line)) {}
  void Probe(std::uint64_t) override {}
  core::LinkEvidence Look() override {
    core::LinkEvidence link;
    link.taken_at = world_.now();
    link.tcp.absence = core::TcpAbsence::kPresent;
    link.tcp.established = true;
    if (!world_.saboteur().HidesUnread()) link.tcp.unread_bytes = line_->unread.size();
    return link;
  }
  void End(const absl::Status& why) override {
    world_.Note([&] { return "  ends " + line_->instance_id + " " + common::ReasonOf(why); });
    line_->replaced = line_->waiting;
    const auto process = process_.lock();
    const auto delivery = process == nullptr ? std::nullopt : process->Delivery();
    if (!delivery) return;
    const bool final = why.code() == absl::StatusCode::kAborted;
    world_.After(*delivery - world_.now(), "end",
                 [process, line = line_, final] { process->OnEnd(*line, final); });
  }

 private:
  World& world_;
  const std::weak_ptr<Process> process_;
  const std::shared_ptr<Line> line_;
};

void World::Deliver(MonoTime when, std::shared_ptr<Process> from, std::shared_ptr<Line> line,
                    Message message) {
  Arrival arrival{when, std::move(from), std::move(line), std::move(message)};
  After(when - now(), Name(arrival.message.kind), [this, arrival = std::move(arrival)] { Arrive(arrival); });
}

void World::Arrive(Arrival arrival) {
  // Nobody listens, or not on this connection any more.
  if (!truth_.serving_since() || arrival.line->life != truth_.life()) return arrival.from->OnReset();
  if (arrival.message.kind != Kind::kClose) arrival.line->unread.push_back(arrival.at);
  if (server_.deaf()) {
    backlog_.push_back(std::move(arrival));
  } else {
    Read(arrival);
  }
}

void World::ReadBacklog(std::optional<std::size_t> before_detector) {
  const bool in_order = random_.Chance(50);
  std::vector<Arrival> backlog = std::exchange(backlog_, {});
  const auto detect = [&] { RunOne("the detector catches up", [this] { server_.CatchUp(); }); };
  while (!backlog.empty() && !report_) {
    if (before_detector && server_.stopped() && (*before_detector)-- == 0) detect();
    // Any stream's first.
    const Line* line = backlog[in_order ? 0 : random_.Below(backlog.size())].line.get();
    const auto next = std::find_if(backlog.begin(), backlog.end(),
                                   [&](const Arrival& each) { return each.line.get() == line; });
    const Arrival arrival = std::move(*next);
    backlog.erase(next);
    server_.AdvanceTo(now() + random_.Between(Duration::zero(), std::chrono::microseconds(100)));
    if (!report_) RunOne(Name(arrival.message.kind), [&] { Read(arrival); });
  }
  if (server_.stopped()) detect();
}

void World::Read(const Arrival& arrival) {
  Line& line = *arrival.line;
  const bool closes = arrival.message.kind == Kind::kClose;
  if (line.waiting && closes && arrival.message.how != core::StreamEnd::kHalfClosed) line.gone = true;
  if (line.waiting) return held_.push_back(arrival);  // nothing is read before the welcome
  if (!closes) server_.Heard();
  if (!closes) line.unread.pop_front();
  Note([&] { return "  of " + line.instance_id + ", stream " + std::to_string(line.number); });
  if (arrival.message.kind == Kind::kHello) return Hello(arrival);
  if (line.session == nullptr) return;  // it was refused
  if (truth_.Speaks(line)) {
    if (closes) {
      line.closed = now();
      line.for_our_sake = arrival.message.for_our_sake;
    } else {
      line.last_arrival = arrival.at;
      line.last_read = now();
    }
    (void)Handle(arrival);
    if (line.for_our_sake) {
      const auto view = server_.registry().Get(line.client_id);
      const bool alive = view && view->record->state == core::State::kAlive;
      Tell([&](Checker& checker) { checker.OnClosedForOurSake(alive); });
    }
    return;
  }
  const Line* current = truth_.Current(line.client_id);
  StaleEvent event{.line = &line};
  event.revision_before = server_.registry().revision() + server_.proposals();
  event.heard_before = current->session->last_heard();
  event.touch = Handle(arrival);
  event.revision_after = server_.registry().revision() + server_.proposals();
  event.heard_after = current->session->last_heard();
  Tell([&](Checker& checker) { checker.OnStale(event); });
}

std::optional<registry::TouchResult> World::Handle(const Arrival& arrival) {
  const Line& line = *arrival.line;
  const Message& message = arrival.message;
  registry::Registry& registry = server_.registry();
  const Line& as = saboteur_.ForgesAttachment() ? *truth_.Current(line.client_id) : line;
  if (message.kind == Kind::kClose) {
    registry.StreamClosed(as.session, as.attachment, message.how);
    return std::nullopt;
  }
  if (message.kind == Kind::kGoodbye) {
    if (message.exit_code != 0 && truth_.Speaks(line))
      truth_.Condemn(line.client_id, core::Cause::kProcessExited);
    registry.SayGoodbye(as.session, as.attachment, {.exit_code = message.exit_code});
    return std::nullopt;
  }
  const registry::TouchResult touch = as.session->Touch(as.attachment, saboteur_.ReadAt(now()));
  if (touch == registry::TouchResult::kRefutes) registry.Refute(as.session, as.attachment);
  if (message.kind == Kind::kLabels) registry.UpdateLabels(as.session, as.attachment, message.labels);
  if (message.kind != Kind::kPing || touch == registry::TouchResult::kStale) return touch;
  const Duration vouched_for = Vouch(arrival);
  if (arrival.from->LosesOne()) return touch;
  if (const auto pong = arrival.from->Delivery()) {
    After(*pong - now(), "pong", [from = arrival.from, on = arrival.line, sent = message.sent, vouched_for] {
      from->OnPong(*on, sent, vouched_for);
    });
  }
  return touch;
}

// As server/rpc does with each ping.
Duration World::Vouch(const Arrival& arrival) {
  Line& line = *arrival.line;
  registry::Registry& registry = server_.registry();
  Duration due = line.timeout;
  if (line.arrivals != nullptr) {
    const auto noted = line.arrivals->Arrived(now(), ++line.pings, registry.stall_count());
    if (noted.sooner) registry.Rearm(line.session);
    due = noted.due;
  }
  const Duration vouched_for = saboteur_.Vouches(registry.Vouch(due, line.timeout, now()));
  line.vouched_until = std::max(line.vouched_until, now() + vouched_for);
  return vouched_for;
}

void World::Hello(const Arrival& arrival) {
  const Habits& habits = arrival.from->habits();
  registry::HelloRequest hello;
  hello.info.client_id = habits.client_id;
  hello.info.instance_id = habits.instance_id;
  hello.info.labels = arrival.message.labels;
  hello.info.peer_address = "10.0.0.1:" + std::to_string(habits.many_ports ? arrival.line->number : 1);
  hello.info.host = habits.host;
  hello.interval = habits.interval;
  hello.timeout = habits.timeout;
  if (habits.adaptive) hello.accrual_threshold = 8;
  hello.resume_incarnation = arrival.message.token;
  hello.stream = std::make_shared<Wire>(*this, arrival.from, arrival.line);
  truth_.Condemn(habits.client_id, core::Cause::kSuperseded);

  arrival.line->waiting = true;
  arrival.line->asked = now();
  if (arrival.message.token) truth_.CameBack(*arrival.line, *arrival.message.token);
  if (saboteur_.SwallowsHello()) return;
  server_.registry().Attach(std::move(hello),
                            [this, arrival](const auto& attached) { Answer(arrival, attached); });
}

void World::Answer(const Arrival& arrival, const absl::StatusOr<registry::Attached>& attached) {
  Line& line = *arrival.line;
  line.waiting = false;
  const auto answer = arrival.from->Delivery();
  if (!attached.ok()) {
    Note([&] { return "  refused: " + attached.status().ToString(); });
    const bool final = attached.status().code() == absl::StatusCode::kAborted;
    if (answer) {
      After(*answer - now(), "refusal",
            [from = arrival.from, on = arrival.line, final] { from->OnEnd(*on, final); });
    }
  } else if (line.replaced) {
    server_.registry().StreamClosed(attached->session, attached->attachment, core::StreamEnd::kByServer);
  } else {
    Welcome(arrival, *attached);
  }
  ReadHeld(line);
}

void World::Welcome(const Arrival& arrival, const registry::Attached& attached) {
  Line& line = *arrival.line;
  Note([&] { return "  welcomed: " + line.instance_id + ", stream " + std::to_string(line.number); });
  line.session = attached.session;
  line.arrivals = attached.arrivals;
  line.vouched_until = now() + attached.vouched_for;
  if (const Line* before = truth_.Current(line.client_id); before != nullptr) {
    line.vouched_until = std::max(line.vouched_until, before->vouched_until);
  }
  line.incarnation = saboteur_.WelcomedAs(attached.incarnation);
  line.attachment = attached.attachment;
  line.timeout = arrival.from->habits().timeout;
  line.grace = attached.resume_grace;
  line.last_arrival = arrival.at;
  line.last_read = line.welcomed = now();
  if (!line.gone) {
    Tell([&](Checker& checker) { checker.OnWelcome(line, arrival.message.token, attached.resumed); });
  }
  truth_.Bind(arrival.line);
  const auto answer = arrival.from->Delivery();
  if (line.gone || !answer) return;
  After(*answer - now(), "welcome",
        [from = arrival.from, on = arrival.line, sent = arrival.message.sent,
         vouched_for = saboteur_.Vouches(attached.vouched_for)] {
          from->OnWelcome(*on, sent, on->incarnation, vouched_for);
        });
}

void World::ReadHeld(Line& line) {
  std::vector<Arrival> mine;
  std::erase_if(held_, [&](const Arrival& each) {
    if (each.line.get() == &line) mine.push_back(each);
    return each.line.get() == &line;
  });
  if (line.gone) {  // of a call that is over only its end is seen
    std::erase_if(mine, [](const Arrival& each) { return each.message.kind != Kind::kClose; });
    line.unread.clear();
  }
  if (server_.frozen()) {  // read with all that waits
    backlog_.insert(backlog_.begin(), mine.begin(), mine.end());
    return;
  }
  for (const Arrival& each : mine) Read(each);
}

void World::Start(const std::string& client_id) {
  Habits habits;
  habits.client_id = client_id;
  habits.instance_id = client_id + "-" + std::to_string(++instances_);
  habits.interval = random_.Between(std::chrono::milliseconds(100), std::chrono::milliseconds(1'000));
  habits.timeout = habits.interval * (2 + static_cast<int>(random_.Below(3)));
  if (random_.Chance(50)) habits.timeout += random_.Between(Duration::zero(), habits.interval);
  habits.latency = random_.Between(std::chrono::microseconds(100), std::chrono::milliseconds(10));
  habits.many_ports = random_.Chance(90);
  habits.host = random_.Chance(50) ? "h1" : "h2";
  habits.adaptive = paths_.Chance(40);
  habits.loss = paths_.Chance(50) ? 0 : static_cast<int>(paths_.Below(40));
  processes_.push_back(std::make_shared<Process>(*this, std::move(habits)));
  processes_.back()->Connect();
}

void World::Evict(const std::string& client_id) {
  if (server_.deaf() || !server_.up()) return;
  truth_.Condemn(client_id, core::Cause::kEvicted);
  server_.registry().Evict(client_id, "to see what happens", [](const absl::StatusOr<core::ClientView>&) {});
}

}  // namespace liveness::simulation
