#include "tests/simulation/rules/truth.h"

#include <algorithm>
#include <iterator>

namespace liveness::simulation {
namespace {

// A server keeps no more.
constexpr std::size_t kMostStandbys = 3;

Duration Overlap(MonoTime a_from, MonoTime a_to, MonoTime b_from, MonoTime b_to) {
  return std::max(Duration::zero(), std::min(a_to, b_to) - std::max(a_from, b_from));
}

}  // namespace

Truth::~Truth() {
  for (auto& [id, client] : clients_) {
    for (const auto& line : client.lines) line->session = nullptr;
  }
}

std::shared_ptr<Line> Truth::NewLine(std::string client_id, std::string instance_id) {
  auto line = std::make_shared<Line>();
  line->client_id = std::move(client_id);
  line->instance_id = std::move(instance_id);
  line->number = ++lines_;
  line->life = life_;
  clients_[line->client_id].lines.push_back(line);
  return line;
}

void Truth::Bind(const std::shared_ptr<Line>& line) {
  Client& client = clients_[line->client_id];
  client.current = line;
  client.standbys.clear();
  incarnations_.emplace(line->client_id, line->incarnation);
}

bool Truth::WillStandBy(const Line& line, std::optional<std::uint64_t> token) const {
  const Client& client = clients_.find(line.client_id)->second;
  const Line* bound = client.current.get();
  if (!line.beside || !token || bound == nullptr || bound->instance_id != line.instance_id) return false;
  // Of several that were sent when the session was over already, one has begun the next; the others join
  // that.
  const bool joins = *token < bound->incarnation && bound->attempt != 0 && line.attempt > bound->attempt;
  return HasStream(client) && (*token == bound->incarnation || joins);
}

void Truth::StandBy(const std::shared_ptr<Line>& line) {
  Client& client = clients_[line->client_id];
  client.current->last_arrival = std::max(client.current->last_arrival, line->last_arrival);
  client.current->last_read = line->last_read;
  client.standbys.push_back(line);
  if (client.standbys.size() > kMostStandbys) client.standbys.erase(client.standbys.begin());
}

bool Truth::StandsBy(const Line& line) const {
  const Client& client = clients_.find(line.client_id)->second;
  return client.ended < line.incarnation &&
         std::any_of(client.standbys.begin(), client.standbys.end(),
                     [&](const auto& each) { return each.get() == &line; });
}

void Truth::TakeOver(const Line& line) {
  Client& client = clients_[line.client_id];
  const auto at = std::find_if(client.standbys.begin(), client.standbys.end(),
                               [&](const auto& each) { return each.get() == &line; });
  (*at)->vouched_until = std::max((*at)->vouched_until, client.current->vouched_until);
  client.current = *at;
  client.standbys.erase(client.standbys.begin(), std::next(at));
}

void Truth::Close(Line& line, MonoTime now, bool for_our_sake) {
  Client& client = clients_[line.client_id];
  Line& bound = *client.current;
  std::erase_if(client.standbys, [&](const auto& each) { return each.get() == &line; });
  if (&line == &bound) bound.unbound = true;
  if (!bound.unbound || !client.standbys.empty()) return;
  bound.closed = now;
  bound.for_our_sake = for_our_sake;
}

bool Truth::HasStream(std::string_view client_id) const {
  const auto at = clients_.find(client_id);
  return at != clients_.end() && HasStream(at->second);
}

bool Truth::HasStream(const Client& client) const {
  const Line* bound = client.current.get();
  if (bound == nullptr || bound->life != life_ || client.ended >= bound->incarnation) return false;
  return !bound->unbound || !client.standbys.empty();
}

void Truth::End(std::string_view client_id, std::uint64_t incarnation) {
  const auto at = clients_.find(client_id);
  if (at != clients_.end()) at->second.ended = std::max(at->second.ended, incarnation);
}

const Line* Truth::Current(std::string_view client_id) const {
  const auto at = clients_.find(client_id);
  return at == clients_.end() ? nullptr : at->second.current.get();
}

bool Truth::Speaks(const Line& line) const {
  const Client& client = clients_.find(line.client_id)->second;
  return client.current.get() == &line && !line.unbound && client.ended < line.incarnation;
}

std::optional<MonoTime> Truth::FirstUnread(std::string_view client_id, std::string_view instance_id) const {
  std::optional<MonoTime> first;
  const auto at = clients_.find(client_id);
  if (at == clients_.end()) return first;
  for (const auto& line : at->second.lines) {
    if (line->instance_id != instance_id || line->unread.empty()) continue;
    if (!first || line->unread.front() < *first) first = line->unread.front();
  }
  return first;
}

bool Truth::HasHiddenUnread(std::string_view client_id, std::string_view instance_id) const {
  const auto at = clients_.find(client_id);
  if (at == clients_.end()) return false;
  return std::any_of(at->second.lines.begin(), at->second.lines.end(), [&](const auto& line) {
    const bool shown = line == at->second.current && !line->unbound;
    return line->instance_id == instance_id && !line->unread.empty() && !shown;
  });
}

bool Truth::IsNoticed(const Stall& freeze, MonoTime to) {
  return std::min(freeze.to, to) > freeze.from + kBeat + kBeatLate + kPeriod + kLateness;
}

MonoTime Truth::CreditedFrom(const Stall& freeze) const {
  constexpr Duration kUncertain = kBeat + kBeatLate;
  const bool jerks = std::any_of(freezes_.begin(), freezes_.end(), [&](const Stall& before) {
    return before.to <= freeze.from && freeze.from - before.to < kUncertain;
  });
  return jerks ? freeze.from + kUncertain : freeze.from;
}

bool Truth::HasUnnoticedFreeze(MonoTime from, MonoTime to) const {
  return std::any_of(freezes_.begin(), freezes_.end(), [&](const Stall& freeze) {
    return Overlap(from, to, freeze.from, freeze.to) > Duration::zero() && !IsNoticed(freeze, to);
  });
}

void Truth::Die(MonoTime now) {
  BeginStall(now);
  if (!freezes_.empty() && freezes_.back().to == MonoTime::max()) EndFreeze(now);
  life_ = kNoLife;
  serving_since_ = std::nullopt;
  for (auto& [id, client] : clients_) {
    client.came_back = 0;
    client.standbys.clear();
    for (const auto& line : client.lines) {
      line->session = nullptr;
      line->waiting = false;
      line->unread.clear();
    }
  }
}

void Truth::Serve(MonoTime now) {
  EndStall(now);
  serving_since_ = now;
}

void Truth::CameBack(const Line& line, std::uint64_t incarnation) {
  clients_[line.client_id].came_back = incarnation;
}

MonoTime Truth::Decided(const core::Transition& told, MonoTime now) const {
  for (std::size_t i = walls_.size(); i-- > 0;) {
    const MonoTime decided(told.time.time_since_epoch() - walls_[i].offset);
    const MonoTime until = i + 1 < walls_.size() ? walls_[i + 1].from : now;
    if (decided >= walls_[i].from && decided <= until) return decided;
  }
  return now;
}

Moment Truth::Now(const std::string& client_id, const Client& client, MonoTime now) const {
  Moment moment{.at = now,
                .life = life_,
                .serving_since = serving_since_,
                .line = client.current.get(),
                .has_stream = HasStream(client),
                .frozen = IsFrozen(now),
                .came_back = client.came_back};
  if (moment.line != nullptr) {
    moment.last_arrival = moment.line->last_arrival;
    moment.closed = moment.line->closed;
    moment.closed_by_itself = moment.line->closed && !moment.line->for_our_sake;
    moment.first_unread = FirstUnread(client_id, moment.line->instance_id);
    moment.hidden_unread = HasHiddenUnread(client_id, moment.line->instance_id);
  }
  for (auto at = condemned_.lower_bound({client_id, core::Cause::kUnspecified});
       at != condemned_.end() && at->first == client_id; ++at) {
    moment.condemned.push_back(at->second);
  }
  return moment;
}

void Truth::Record(MonoTime now) {
  for (auto& [id, client] : clients_) client.moments.push_back(Now(id, client, now));
}

std::vector<Moment> Truth::At(std::string_view client_id, MonoTime when) const {
  const auto known = clients_.find(client_id);
  if (known == clients_.end()) return {Moment{.at = when, .life = life_, .serving_since = serving_since_}};
  const std::vector<Moment>& moments = known->second.moments;
  const auto first = std::lower_bound(moments.begin(), moments.end(), when,
                                      [](const Moment& each, MonoTime wanted) { return each.at < wanted; });
  const auto last = std::find_if(first, moments.end(), [&](const Moment& each) { return each.at != when; });
  if (first == last) return {Now(known->first, known->second, when)};
  return {first, last};
}

Duration Truth::MostUptime(MonoTime from, MonoTime to) const {
  Duration uptime = to - from;
  for (const Stall& stall : stalls_) {
    const MonoTime seen = stall.from + kPeriod;
    if (stall.to > seen + kLateness) uptime -= Overlap(from, to, seen, stall.to);
  }
  for (const Stall& freeze : freezes_) {
    if (IsNoticed(freeze, to)) uptime -= Overlap(from, to, CreditedFrom(freeze), freeze.to);
  }
  return uptime;
}

Duration Truth::LeastUptime(MonoTime from, MonoTime to) const {
  Duration uptime = to - from;
  for (const Stall& stall : stalls_) uptime -= Overlap(from, to, stall.from - kLateness, stall.to);
  for (const Stall& freeze : freezes_) {
    const MonoTime end = freeze.to == MonoTime::max() ? freeze.to : freeze.to + kPeriod + kLateness;
    uptime -= Overlap(from, to, freeze.from - kBeat, end);
  }
  return uptime;
}

}  // namespace liveness::simulation
