#include "server/registry/records/ended_sessions.h"

#include <cstdint>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace liveness::registry {
namespace {

core::ClientRecord Ended(const std::string& id, std::uint64_t revision, const std::string& principal) {
  core::ClientRecord record;
  record.info = core::PackedInfo({.client_id = id, .principal = principal});
  record.state = core::State::kDead;
  record.revision = revision;
  return record;
}

TEST(EndedSessionsTest, TheOldestGoesFirst) {
  EndedSessions ended;
  EXPECT_EQ(ended.First(), "");
  const auto a = Ended("a", 7, "dns:a"), b = Ended("b", 5, "dns:b"), c = Ended("c", 9, "dns:c");
  ended.Add(a);
  ended.Add(b);
  ended.Add(c);
  EXPECT_EQ(ended.First(), "b");
  ended.Remove(b);
  EXPECT_EQ(ended.First(), "a");
  ended.Remove(b);
  ended.Remove(a);
  ended.Remove(c);
  EXPECT_EQ(ended.First(), "");
}

TEST(EndedSessionsTest, OneVoicesEndsDoNotPushOutOthers) {
  EndedSessions ended;
  const auto victim = Ended("victim", 1, "dns:orders"), other = Ended("other", 2, "dns:billing");
  ended.Add(victim);
  ended.Add(other);
  std::map<std::uint64_t, core::ClientRecord> noise;
  for (std::uint64_t i = 10; i < 1'000; ++i) {
    const auto at = noise.emplace(i, Ended("noise" + std::to_string(i), i, "dns:evil")).first;
    ended.Add(at->second);
    if (noise.size() <= 10) continue;  // the bound
    const std::string first(ended.First());
    EXPECT_EQ(first, "noise" + std::to_string(noise.begin()->first));
    ended.Remove(noise.begin()->second);
    noise.erase(noise.begin());
  }
  // Where it has no more than half, age alone decides.
  while (noise.size() > 2) {
    ended.Remove(noise.begin()->second);
    noise.erase(noise.begin());
  }
  EXPECT_EQ(ended.First(), "victim");
}

TEST(EndedSessionsTest, AFleetOfOneVoiceGoesByAge) {
  EndedSessions ended;
  std::map<std::uint64_t, core::ClientRecord> all;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const std::uint64_t revision = (i * 37) % 50 + 1;
    ended.Add(all.emplace(revision, Ended("c" + std::to_string(revision), revision, "")).first->second);
  }
  for (const auto& [revision, record] : all) {
    EXPECT_EQ(ended.First(), "c" + std::to_string(revision));
    ended.Remove(record);
  }
}

}  // namespace
}  // namespace liveness::registry
