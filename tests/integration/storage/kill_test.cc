// kill -9 at random moments: what was told is kept, and no revision comes twice.
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "server/storage/sqlite_store.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::storage {
namespace {

// As many rounds, and more where the machine is too slow for the children to tell enough in them.
constexpr int kRounds = 30;
constexpr int kMostRounds = 300;
constexpr std::size_t kEnoughTold = 1000;

struct Told {
  std::string client_id;
  std::uint64_t revision = 0;
  std::uint64_t incarnation = 0;
  std::string state;
};

std::vector<Told> Parse(const std::string& out) {
  std::vector<Told> told;
  std::istringstream lines(out);
  for (Told line; lines >> line.client_id >> line.revision >> line.incarnation >> line.state;) {
    told.push_back(line);
  }
  return told;
}

// All transitions above `after`.
std::vector<core::TransitionPtr> ReadAll(const Store& store, std::uint64_t after) {
  std::vector<core::TransitionPtr> all;
  HistoryQuery query;
  query.limit = 1000;
  query.after = after;
  for (;;) {
    auto part = store.ReadHistory(query);
    EXPECT_TRUE(part.ok()) << part.status();
    if (!part.ok() || part->transitions.empty()) return all;
    all.insert(all.end(), part->transitions.begin(), part->transitions.end());
    query.after = all.back()->revision();
  }
}

TEST(SqliteKill, WhatWasToldOutlivesTheProcess) {
  const testing::TempDir dir;
  SqliteOptions options;
  options.path = dir.file("liveness.db");
  options.log = [](std::string_view line) { ADD_FAILURE() << line; };

  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::map<std::string, std::uint64_t, std::less<>> picture;  // client -> revision, replayed from history
  std::uint64_t last = 0;                                     // of all that was told or is kept
  std::size_t told_in_all = 0;
  for (int round = 0; round < kRounds || (told_in_all <= kEnoughTold && round < kMostRounds); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::vector<Told> told;
    {
      testing::ChildProcess child("../tests/liveness-store-program",
                                  {options.path, std::to_string(random() % 1'000'000)});
      // Also while it starts.
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 250));
      child.Signal(SIGKILL);
      ASSERT_EQ(child.Wait(std::chrono::seconds(30)), 128 + SIGKILL) << child.Err();
      ASSERT_EQ(child.Err(), "");
      told = Parse(child.Out());
    }
    told_in_all += told.size();
    const std::uint64_t before = last;
    for (const Told& change : told) {
      ASSERT_GT(change.revision, last);
      last = change.revision;
    }

    auto store = SqliteStore::Open(options, common::SystemClock());
    ASSERT_TRUE(store.ok()) << store.status();
    const auto contents = (*store)->Load();
    ASSERT_GE(contents->revision, last);
    // Each told change is in history, as it was told.
    std::map<std::uint64_t, core::TransitionPtr> kept;
    for (const core::TransitionPtr& transition : ReadAll(**store, before)) {
      const core::ClientRecord& after = *transition->after;
      const auto known = picture.find(after.client_id());
      ASSERT_EQ(transition->before == nullptr, known == picture.end());
      if (known != picture.end()) {
        ASSERT_EQ(transition->before->revision, known->second) << "a client's changes are a chain";
      }
      if (after.state == core::State::kForgotten) {
        picture.erase(known);
      } else {
        picture[std::string(after.client_id())] = after.revision;
      }
      kept[after.revision] = transition;
    }
    for (const Told& change : told) {
      const auto at = kept.find(change.revision);
      ASSERT_NE(at, kept.end()) << change.client_id << " was told " << change.revision;
      ASSERT_EQ(at->second->after->client_id(), change.client_id);
      ASSERT_EQ(at->second->after->incarnation, change.incarnation);
      ASSERT_EQ(core::Name(at->second->after->state), change.state);
    }
    // History, replayed, equals the records.
    ASSERT_EQ(contents->records.size(), picture.size());
    for (const core::RecordPtr& record : contents->records) {
      ASSERT_EQ(picture.at(std::string(record->client_id())), record->revision);
    }
    last = contents->revision;
    (*store)->Stop();
  }
  EXPECT_GT(told_in_all, kEnoughTold) << "the child had no time to do anything";
}

}  // namespace
}  // namespace liveness::storage
