// Clients whose falls MassFailure is told of. Header only.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/core/fleet/mass_failure.h"

namespace liveness::core::fleet_testing {

inline MonoTime At(int ms) { return MonoTime(std::chrono::seconds(1'000) + std::chrono::milliseconds(ms)); }

// Clients whose records a test changes.
class Fleet {
 public:
  explicit Fleet(MassFailure::Options options = {}) : mass(std::move(options)) {}

  // The events, as "scope: affected/members".
  std::vector<std::string> Put(const std::string& id, ClientRecord after, int ms) {
    const auto known = records.find(id);
    std::vector<std::string> told;
    for (const GroupEvent& each :
         mass.Changed(known == records.end() ? nullptr : &known->second, after, At(ms))) {
      told.push_back(each.scope + ": " + std::to_string(each.affected) + "/" + std::to_string(each.members));
    }
    if (after.state == State::kForgotten) {
      records.erase(id);
    } else {
      records.insert_or_assign(id, std::move(after));
    }
    return told;
  }
  std::vector<std::string> Join(const std::string& id, const std::string& host, int ms = 0,
                                Labels labels = {}) {
    ClientRecord record;
    record.info = PackedInfo({.client_id = id, .labels = std::move(labels), .host = host});
    record.state = State::kAlive;
    return Put(id, record, ms);
  }
  void JoinMany(int count, const std::string& host, const std::string& prefix = "c") {
    for (int i = 0; i < count; ++i) Join(prefix + std::to_string(i), host);
  }
  std::vector<std::string> Set(const std::string& id, int ms, State state, Cause cause = Cause::kUnknown,
                               Health health = Health::kOk) {
    ClientRecord after = records.at(id);
    after.state = state;
    after.cause = cause;
    after.health = health;
    return Put(id, after, ms);
  }
  std::vector<std::string> Suspect(const std::string& id, int ms) { return Set(id, ms, State::kSuspect); }
  std::vector<std::string> Die(const std::string& id, int ms) { return Set(id, ms, State::kDead); }
  std::vector<std::string> Back(const std::string& id, int ms) { return Set(id, ms, State::kAlive); }

  std::map<std::string, ClientRecord> records;
  MassFailure mass;
};

inline std::string C(int n) { return "c" + std::to_string(n); }

}  // namespace liveness::core::fleet_testing
