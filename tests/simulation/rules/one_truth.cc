#include "tests/simulation/rules/one_truth.h"

#include <algorithm>

namespace liveness::simulation {
namespace {

std::string Text(std::uint64_t incarnation, std::uint64_t attachment) {
  return "(" + std::to_string(incarnation) + ", " + std::to_string(attachment) + ")";
}

}  // namespace

void OneTruth::OnTold(const core::TransitionPtr& told, MonoTime) {
  const core::ClientRecord& after = *told->after;
  Client& client = clients_[std::string(after.client_id())];
  Grow(client.told, after, "told");
  const bool begins = told->before == nullptr || told->before->incarnation != after.incarnation;
  if (begins && after.incarnation != after.revision) {
    Complain(Who(after) + " begins", "its revision as incarnation", std::to_string(after.revision));
  }
  if (begins && after.state != core::State::kAlive) {
    Complain(Who(after) + " begins", "ALIVE", std::string(core::Name(after.state)));
  }
  if (core::IsLive(after.state) && after.incarnation <= client.ended) {
    Complain(Who(after) + " lives", "an incarnation that has not ended", std::to_string(client.ended));
  }
  if (!core::IsLive(after.state)) client.ended = std::max(client.ended, after.incarnation);
}

void OneTruth::OnShown(const std::vector<core::RecordPtr>& records, MonoTime) {
  for (const core::RecordPtr& record : records) {
    Client& client = clients_[std::string(record->client_id())];
    Grow(client.shown, *record, "shown");
    if (client.shown < client.told) {
      Complain(Who(*record) + " shown", "what was told, " + Text(client.told.first, client.told.second),
               "less");
    }
  }
}

void OneTruth::OnRestart() {
  for (auto& [id, client] : clients_) {
    const auto as_told = [&told = client.told](Fence& fence) {
      if (fence.first == told.first) fence.second = std::min(fence.second, told.second);
    };
    as_told(client.shown);
    as_told(client.welcomed);
  }
}

void OneTruth::Grow(Fence& known, const core::ClientRecord& record, const char* where) {
  const Fence next{record.incarnation, record.attachment};
  if (next < known) {
    return Complain(Who(record) + " " + where, "not below " + Text(known.first, known.second),
                    Text(next.first, next.second));
  }
  known = next;
}

void OneTruth::OnWelcome(const Line& line, std::optional<std::uint64_t> token, bool resumed) {
  Client& client = clients_[line.client_id];
  const Fence next{line.incarnation, line.attachment};
  const std::string who = line.instance_id + " welcomed as " + Text(next.first, next.second);
  if (next <= client.welcomed) {
    Complain(who, "above " + Text(client.welcomed.first, client.welcomed.second), "not");
  }
  // Of several streams that were opened beside one whose session had ended, one begins the next, and the
  // others join: it may have been replaced before its welcome.
  const bool joins = resumed && line.beside && token < line.incarnation;
  if (!joins && resumed != (line.incarnation == client.welcomed.first)) {
    Complain(who, resumed ? "the incarnation before" : "a new incarnation", Text(next.first, next.second));
  }
  if (resumed && ((token != line.incarnation && !joins) || line.incarnation <= client.ended)) {
    Complain(who + " again", "the token of a session that is not over",
             "token " + std::to_string(token.value_or(0)));
  }
  client.welcomed = next;
}

void OneTruth::OnStale(const StaleEvent& event) {
  const std::string who =
      "stale stream " + std::to_string(event.line->number) + " of " + event.line->instance_id;
  if (event.revision_after != event.revision_before) {
    Complain(who, "no transition by it", "revision " + std::to_string(event.revision_after));
  }
  if (event.heard_after != event.heard_before) Complain(who, "no heartbeat by it", "one");
  if (event.touch && *event.touch != registry::TouchResult::kStale) {
    Complain(who, "to be told that it is stale", "it was heard");
  }
}

}  // namespace liveness::simulation
