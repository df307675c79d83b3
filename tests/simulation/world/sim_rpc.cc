#include "tests/simulation/world/sim_rpc.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "tests/simulation/rules/truth.h"
#include "tests/simulation/world/observer.h"
#include "tests/simulation/world/process.h"
#include "tests/simulation/world/saboteur.h"
#include "tests/simulation/world/script.h"
#include "tests/simulation/world/sim_server.h"
#include "tests/simulation/world/sim_stream.h"
#include "tests/simulation/world/wire.h"

namespace liveness::simulation {

using Kind = Message::Kind;

void SimRpc::Read(const Arrival& arrival) {
  if (arrival.message.kind == Kind::kHello) return Hello(arrival);
  if (arrival.line->session == nullptr) return;  // it was refused
  if (parts_.truth.StandsBy(*arrival.line)) return ReadStandby(arrival);
  if (!parts_.truth.Speaks(*arrival.line)) return ReadStale(arrival);
  (void)ReadCurrent(arrival);
}

std::optional<registry::TouchResult> SimRpc::ReadCurrent(const Arrival& arrival) {
  Line& line = *arrival.line;
  const bool closes = arrival.message.kind == Kind::kClose;
  if (closes) {
    parts_.truth.Close(line, parts_.script.now(), arrival.message.for_our_sake);
  } else {
    line.last_arrival = arrival.at;
    line.last_read = parts_.script.now();
  }
  const auto touch = Handle(arrival);
  if (closes && !line.closed) parts_.observer.Tell([&](Checker& checker) { checker.OnOneClosed(line); });
  if (!line.for_our_sake) return touch;
  const auto view = parts_.server.registry().Get(line.client_id);
  const bool alive = view && view->record->state == core::State::kAlive;
  parts_.observer.Tell([&](Checker& checker) { checker.OnClosedForOurSake(alive); });
  return touch;
}

void SimRpc::ReadStandby(const Arrival& arrival) {
  Line& line = *arrival.line;
  const MonoTime now = parts_.script.now();
  if (arrival.message.kind != Kind::kClose) {
    parts_.truth.TakeOver(line);
    const auto touch = ReadCurrent(arrival);
    return parts_.observer.Tell([&](Checker& checker) { checker.OnTakeOver(line, touch, now); });
  }
  const Line& bound = *parts_.truth.Current(line.client_id);
  parts_.truth.Close(line, now, arrival.message.for_our_sake);
  if (!parts_.saboteur.LosesStandbysClose()) (void)Handle(arrival);
  if (parts_.saboteur.TakesStandbyForSession()) {
    parts_.server.registry().StreamClosed(bound.session, bound.attachment, arrival.message.how);
  }
  if (!bound.closed) parts_.observer.Tell([&](Checker& checker) { checker.OnOneClosed(line); });
}

void SimRpc::ReadStale(const Arrival& arrival) {
  SimServer& server = parts_.server;
  const Line* current = parts_.truth.Current(arrival.line->client_id);
  StaleEvent event{.line = arrival.line.get()};
  event.revision_before = server.registry().revision() + server.proposals();
  event.heard_before = current->session->last_heard();
  event.touch = Handle(arrival);
  event.revision_after = server.registry().revision() + server.proposals();
  event.heard_after = current->session->last_heard();
  parts_.observer.Tell([&](Checker& checker) { checker.OnStale(event); });
}

std::optional<registry::TouchResult> SimRpc::Handle(const Arrival& arrival) {
  const Line& line = *arrival.line;
  const Message& message = arrival.message;
  registry::Registry& registry = parts_.server.registry();
  const Line& as = parts_.saboteur.ForgesAttachment() ? *parts_.truth.Current(line.client_id) : line;
  if (message.kind == Kind::kClose) {
    registry.StreamClosed(as.session, as.attachment, message.how);
    return std::nullopt;
  }
  if (message.kind == Kind::kGoodbye) {
    if (message.exit_code != 0 && parts_.truth.Speaks(line))
      parts_.truth.Condemn(line.client_id, core::Cause::kProcessExited);
    registry.SayGoodbye(as.session, as.attachment, {.exit_code = message.exit_code});
    return std::nullopt;
  }
  const MonoTime read_at = parts_.saboteur.ReadAt(parts_.script.now());
  registry::TouchResult touch = as.session->Touch(as.attachment, read_at);
  if (touch == registry::TouchResult::kStale && !parts_.saboteur.ForgetsToTakeOver() &&
      registry.TakeOver(as.session, as.attachment)) {
    touch = as.session->Touch(as.attachment, read_at);
  }
  if (touch == registry::TouchResult::kRefutes) registry.Refute(as.session, as.attachment);
  if (message.kind == Kind::kLabels) registry.UpdateLabels(as.session, as.attachment, message.labels);
  if (message.kind == Kind::kPing && touch != registry::TouchResult::kStale) Pong(arrival);
  return touch;
}

void SimRpc::Pong(const Arrival& arrival) {
  const Duration vouched_for = Vouch(arrival);
  if (arrival.from->LosesOne()) return;
  const auto pong = arrival.from->Delivery();
  if (!pong) return;
  parts_.script.After(*pong - parts_.script.now(), "pong",
                      [from = arrival.from, on = arrival.line, sent = arrival.message.sent, vouched_for] {
                        from->OnPong(*on, sent, vouched_for);
                      });
}

// As server/rpc does with each ping.
Duration SimRpc::Vouch(const Arrival& arrival) {
  Line& line = *arrival.line;
  registry::Registry& registry = parts_.server.registry();
  const MonoTime now = parts_.script.now();
  Duration due = line.timeout;
  if (line.arrivals != nullptr) {
    const auto noted = line.arrivals->Arrived(now, ++line.pings, registry.stall_count());
    if (noted.sooner) registry.Rearm(line.session);
    due = noted.due;
  }
  const Duration vouched_for = parts_.saboteur.Vouches(registry.Vouch(due, line.timeout, now));
  line.vouched_until = std::max(line.vouched_until, now + vouched_for);
  return vouched_for;
}

void SimRpc::Hello(const Arrival& arrival) {
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
  hello.info.attempt = arrival.line->attempt;
  hello.beside = arrival.line->beside;
  hello.stream = std::make_shared<SimStream>(parts_, arrival.from, arrival.line);
  parts_.truth.Condemn(habits.client_id, core::Cause::kSuperseded);

  arrival.line->waiting = true;
  arrival.line->asked = parts_.script.now();
  if (arrival.message.token) parts_.truth.CameBack(*arrival.line, *arrival.message.token);
  if (parts_.saboteur.SwallowsHello()) return;
  parts_.server.registry().Attach(std::move(hello),
                                  [this, arrival](const auto& attached) { Answer(arrival, attached); });
}

void SimRpc::Answer(const Arrival& arrival, const absl::StatusOr<registry::Attached>& attached) {
  Line& line = *arrival.line;
  line.waiting = false;
  const auto refusal = arrival.from->Delivery();
  if (!attached.ok()) {
    parts_.script.Note([&] { return "  refused: " + attached.status().ToString(); });
    const bool final = attached.status().code() == absl::StatusCode::kAborted;
    if (refusal) {
      parts_.script.After(*refusal - parts_.script.now(), "refusal",
                          [from = arrival.from, on = arrival.line, final] { from->OnEnd(*on, final); });
    }
  } else if (line.replaced) {
    parts_.server.registry().StreamClosed(attached->session, attached->attachment,
                                          core::StreamEnd::kByServer);
  } else {
    Welcome(arrival, *attached);
  }
  parts_.wire.ReadHeld(line);
}

void SimRpc::Welcome(const Arrival& arrival, const registry::Attached& attached) {
  Line& line = *arrival.line;
  const MonoTime now = parts_.script.now();
  parts_.script.Note(
      [&] { return "  welcomed: " + line.instance_id + ", stream " + std::to_string(line.number); });
  line.session = attached.session;
  line.arrivals = attached.arrivals;
  line.vouched_until = now + attached.vouched_for;
  if (const Line* before = parts_.truth.Current(line.client_id); before != nullptr) {
    line.vouched_until = std::max(line.vouched_until, before->vouched_until);
  }
  line.incarnation = parts_.saboteur.WelcomedAs(attached.incarnation);
  line.attachment = attached.attachment;
  line.timeout = arrival.from->habits().timeout;
  line.grace = attached.resume_grace;
  line.last_arrival = arrival.at;
  line.last_read = line.welcomed = now;
  if (!line.gone) {
    parts_.observer.Tell(
        [&](Checker& checker) { checker.OnWelcome(line, arrival.message.token, attached.resumed); });
  }
  if (attached.resumed && parts_.truth.WillStandBy(line, arrival.message.token)) {
    parts_.truth.StandBy(arrival.line);
  } else {
    parts_.truth.Bind(arrival.line);
  }
  const auto answer = arrival.from->Delivery();
  if (line.gone || !answer) return;
  parts_.script.After(*answer - now, "welcome",
                      [from = arrival.from, on = arrival.line, sent = arrival.message.sent,
                       vouched_for = parts_.saboteur.Vouches(attached.vouched_for)] {
                        from->OnWelcome(*on, sent, on->incarnation, vouched_for);
                      });
}

void SimRpc::Evict(const std::string& client_id) {
  if (parts_.server.deaf() || !parts_.server.up()) return;
  parts_.truth.Condemn(client_id, core::Cause::kEvicted);
  parts_.server.registry().Evict(client_id, "to see what happens",
                                 [](const absl::StatusOr<core::ClientView>&) {});
}

}  // namespace liveness::simulation
