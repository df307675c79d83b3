#include "tests/simulation/world/wire.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/simulation/rules/truth.h"
#include "tests/simulation/world/observer.h"
#include "tests/simulation/world/process.h"
#include "tests/simulation/world/script.h"
#include "tests/simulation/world/sim_rpc.h"
#include "tests/simulation/world/sim_server.h"

namespace liveness::simulation {

using Kind = Message::Kind;

void Wire::Deliver(MonoTime when, std::shared_ptr<Process> from, std::shared_ptr<Line> line,
                   Message message) {
  Arrival arrival{when, std::move(from), std::move(line), std::move(message)};
  parts_.script.After(when - parts_.script.now(), Name(arrival.message.kind),
                      [this, arrival = std::move(arrival)] { Arrive(arrival); });
}

void Wire::Lose() {
  backlog_.clear();
  held_.clear();
}

void Wire::Arrive(Arrival arrival) {
  const Truth& truth = parts_.truth;
  // Nobody listens, or not on this connection any more.
  if (!truth.serving_since() || arrival.line->life != truth.life())
    return arrival.from->OnReset(arrival.line);
  if (arrival.message.kind != Kind::kClose) arrival.line->unread.push_back(arrival.at);
  if (parts_.server.deaf()) {
    backlog_.push_back(std::move(arrival));
  } else {
    Read(arrival);
  }
}

void Wire::ReadBacklog(std::optional<std::size_t> before_detector) {
  Script& script = parts_.script;
  SimServer& server = parts_.server;
  Random& random = script.random();
  const bool in_order = random.Chance(50);
  std::vector<Arrival> backlog = std::exchange(backlog_, {});
  const auto detect = [&] { script.RunOne("the detector catches up", [&] { server.CatchUp(); }); };
  while (!backlog.empty() && !parts_.observer.report()) {
    if (before_detector && server.stopped() && (*before_detector)-- == 0) detect();
    // Any stream's first.
    const Line* line = backlog[in_order ? 0 : random.Below(backlog.size())].line.get();
    const auto next = std::find_if(backlog.begin(), backlog.end(),
                                   [&](const Arrival& each) { return each.line.get() == line; });
    const Arrival arrival = std::move(*next);
    backlog.erase(next);
    server.AdvanceTo(script.now() + random.Between(Duration::zero(), std::chrono::microseconds(100)));
    if (!parts_.observer.report()) script.RunOne(Name(arrival.message.kind), [&] { Read(arrival); });
  }
  if (server.stopped()) detect();
}

void Wire::Read(const Arrival& arrival) {
  Line& line = *arrival.line;
  const bool closes = arrival.message.kind == Kind::kClose;
  if (line.waiting && closes && arrival.message.how != core::StreamEnd::kHalfClosed) line.gone = true;
  if (line.waiting) return held_.push_back(arrival);  // nothing is read before the welcome
  if (!closes) parts_.server.Heard();
  if (!closes) line.unread.pop_front();
  parts_.script.Note([&] { return "  of " + line.instance_id + ", stream " + std::to_string(line.number); });
  parts_.rpc.Read(arrival);
}

void Wire::ReadHeld(Line& line) {
  std::vector<Arrival> mine;
  std::erase_if(held_, [&](const Arrival& each) {
    if (each.line.get() == &line) mine.push_back(each);
    return each.line.get() == &line;
  });
  if (line.gone) {  // of a call that is over only its end is seen
    std::erase_if(mine, [](const Arrival& each) { return each.message.kind != Kind::kClose; });
    line.unread.clear();
  }
  if (parts_.server.frozen()) {  // read with all that waits
    backlog_.insert(backlog_.begin(), mine.begin(), mine.end());
    return;
  }
  for (const Arrival& each : mine) Read(each);
}

}  // namespace liveness::simulation
