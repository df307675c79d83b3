// MassFailure against a plain count that looks at every client each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "server/core/fleet/mass_failure.h"
#include "server/core/fleet/scopes.h"
#include "server/core/fleet/standing.h"

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime At(int ms) { return MonoTime(seconds(1'000) + milliseconds(ms)); }

// All of the above by looking at every client each time.
class PlainCount {
 public:
  explicit PlainCount(const MassFailure::Options& options) : options_(options) {}

  std::set<std::string> Changed(const std::map<std::string, ClientRecord>& records, const std::string& id,
                                const ClientRecord* before, const ClientRecord& after, int ms) {
    // Re-armed by what grew old, before anything new counts.
    for (auto& [scope, told] : told_) told = told && IsMoreThan(records, scope, options_.share / 2, ms);
    if (IsFall(before, after)) {
      fell_at_[id] = ms;
    } else if (StandingOf(&after) != Standing::kDown) {
      fell_at_.erase(id);
    }
    std::map<std::string, ClientRecord> now = records;
    now.insert_or_assign(id, after);
    for (auto& [scope, told] : told_) told = told && IsMoreThan(now, scope, options_.share / 2, ms);
    std::set<std::string> events;
    if (!IsFall(before, after)) return events;
    for (const std::string& scope : ScopesOf(after, options_.labels)) {
      if (told_[scope] || Members(now, scope, ms) < options_.min_members) continue;
      if (!IsMoreThan(now, scope, options_.share, ms)) continue;
      told_[scope] = true;
      events.insert(scope + ": " + std::to_string(Fallen(now, scope, ms)) + "/" +
                    std::to_string(Members(now, scope, ms)));
    }
    return events;
  }

 private:
  using Records = std::map<std::string, ClientRecord>;
  bool Counts(const std::string& id, int ms) const {
    const auto at = fell_at_.find(id);
    return at != fell_at_.end() && milliseconds(at->second) + options_.window > milliseconds(ms);
  }
  bool IsIn(const ClientRecord& record, const std::string& scope) const {
    const auto scopes = ScopesOf(record, options_.labels);
    return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
  }
  std::int64_t Fallen(const Records& records, const std::string& scope, int ms) const {
    std::int64_t count = 0;
    for (const auto& [id, record] : records) count += IsIn(record, scope) && Counts(id, ms) ? 1 : 0;
    return count;
  }
  std::int64_t Members(const Records& records, const std::string& scope, int ms) const {
    std::int64_t count = 0;
    for (const auto& [id, record] : records) {
      const bool live = IsLive(record.state) && StandingOf(&record) != Standing::kAway;
      count += IsIn(record, scope) && (live || Counts(id, ms)) ? 1 : 0;
    }
    return count;
  }
  bool IsMoreThan(const Records& records, const std::string& scope, double share, int ms) const {
    return static_cast<double>(Fallen(records, scope, ms)) >
           share * static_cast<double>(Members(records, scope, ms));
  }

  const MassFailure::Options options_;
  std::map<std::string, int> fell_at_;
  std::map<std::string, bool> told_;
};

TEST(MassFailureRandomTest, CountsAsAPlainCountDoes) {
  int events = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
    const MassFailure::Options options{.window = milliseconds(20 + below(200)),
                                       .share = 0.2 + 0.1 * below(6),
                                       .min_members = 1 + below(5),
                                       .labels = {"zone"}};
    MassFailure mass(options);
    PlainCount plain(options);
    std::map<std::string, ClientRecord> records;
    int ms = 0;
    for (int step = 0; step < 400; ++step) {
      ms += below(10);
      const std::string id = "c" + std::to_string(below(12));
      const auto known = records.find(id);
      const bool is_known = known != records.end();
      ClientRecord after;
      if (is_known) after = known->second;
      if (!is_known || below(10) == 0) {
        after.info = PackedInfo({.client_id = id,
                                 .labels = {{"zone", below(2) == 0 ? "a" : "b"}},
                                 .host = below(3) == 0 ? "h1" : "h2"});
      }
      constexpr State kStates[] = {State::kAlive, State::kAlive,   State::kSuspect, State::kSuspect,
                                   State::kDead,  State::kSuspect, State::kLeft,    State::kForgotten};
      constexpr Cause kCauses[] = {Cause::kUnknown, Cause::kUnknown, Cause::kEvicted, Cause::kServerLost};
      after.state = is_known ? kStates[below(8)] : State::kAlive;
      after.cause = after.state == State::kAlive ? Cause::kUnspecified : kCauses[below(4)];
      after.health = below(10) == 0 ? Health::kMaintenance : Health::kOk;
      const ClientRecord before = is_known ? known->second : ClientRecord();
      const auto expected = plain.Changed(records, id, is_known ? &before : nullptr, after, ms);
      std::set<std::string> told;
      for (const GroupEvent& each : mass.Changed(is_known ? &before : nullptr, after, At(ms))) {
        told.insert(each.scope + ": " + std::to_string(each.affected) + "/" + std::to_string(each.members));
      }
      if (after.state == State::kForgotten) {
        records.erase(id);
      } else {
        records.insert_or_assign(id, after);
      }
      ASSERT_EQ(told, expected) << "seed " << seed << " step " << step;
      events += static_cast<int>(told.size());
    }
  }
  EXPECT_GT(events, 100);
}

}  // namespace
}  // namespace liveness::core
