#include "server/storage/etcd/mirror.h"

#include <gtest/gtest.h>

#include "tests/support/registry/same_record.h"
#include "tests/support/stores/store_proposer.h"

namespace liveness::storage::etcd {
namespace {

using core::State;
using etcdserverpb::Event;
using etcdserverpb::KeyValue;
using testing::NewSession;

constexpr std::uint64_t kWe = 1, kThey = 2;

class MirrorTest : public ::testing::Test {
 protected:
  // What a server writes for a client in that state.
  std::string Value(const std::string& id, State state, std::uint64_t writer, std::uint64_t proposal) const {
    core::ClientRecord record = NewSession(id);
    record.state = state;
    return EncodeChange({proposal, nullptr, std::make_shared<const core::ClientRecord>(record), {}}, writer,
                        history_);
  }
  static Event Put(const std::string& key, const std::string& value, std::int64_t revision) {
    Event event;
    event.set_type(Event::PUT);
    event.mutable_kv()->set_key(key);
    event.mutable_kv()->set_value(value);
    event.mutable_kv()->set_mod_revision(revision);
    return event;
  }
  static Event Delete(const std::string& key, std::int64_t revision) {
    Event event = Put(key, "", revision);
    event.set_type(Event::DELETE);
    return event;
  }
  Event PutClient(const std::string& id, std::int64_t revision, State state = State::kAlive,
                  std::uint64_t writer = kThey, std::uint64_t proposal = 5) const {
    return Put(layout_.Client(id), Value(id, state, writer, proposal), revision);
  }
  Mirror::Step Apply(const std::vector<Event>& events) {
    std::vector<const Event*> pointers;
    for (const Event& event : events) pointers.push_back(&event);
    return mirror_.Apply(
        pointers, [this](std::uint64_t proposal) { return proposal == 5 ? ours_ : nullptr; }, now_);
  }
  std::vector<Mirror::Step> List(const std::vector<Event>& events, std::int64_t revision,
                                 bool with_history = true) {
    etcdserverpb::RangeResponse page;
    for (const Event& event : events) *page.add_kvs() = event.kv();
    if (with_history) {
      page.add_kvs()->set_key(layout_.History());
      page.mutable_kvs(page.kvs_size() - 1)->set_value(EncodeHistory(history_));
    }
    mirror_.BeginListing();
    mirror_.Page(page);
    return mirror_.FinishListing(
        revision, [](std::uint64_t) { return nullptr; }, now_);
  }

  const Layout layout_{"/liveness/"};
  const History history_{"0123456789abcdef", 1000};
  Mirror mirror_{layout_, history_, kWe};
  core::RecordPtr ours_;
  core::WallTime now_{std::chrono::seconds(77)};
};

TEST_F(MirrorTest, APutBecomesACommittedRecord) {
  const auto step = Apply({PutClient("web-1", 10)});
  EXPECT_EQ(step.revision, 1010u);
  ASSERT_EQ(step.items.size(), 1u);
  EXPECT_EQ(step.items[0].before, nullptr);
  EXPECT_EQ(step.items[0].committed.proposal, 0u);
  EXPECT_EQ(step.items[0].committed.after->revision, 1010u);
  EXPECT_EQ(step.items[0].committed.after->incarnation, 1010u);
  EXPECT_EQ(mirror_.RevisionOf("web-1"), 10);
  const auto next = Apply({PutClient("web-1", 11, State::kSuspect)});
  EXPECT_EQ(next.items[0].before, step.items[0].committed.after);
  EXPECT_TRUE(next.items[0].committed.after->info.Is(step.items[0].committed.after->info))
      << "one block of memory for what a session says of itself";
}

TEST_F(MirrorTest, OursIsTheVeryRecordThatWasProposed) {
  core::ClientRecord proposed = NewSession("web-1");
  proposed.evidence = std::make_shared<const core::Evidence>();
  ours_ = std::make_shared<const core::ClientRecord>(proposed);
  const auto step = Apply({PutClient("web-1", 10, State::kAlive, kWe)});
  EXPECT_EQ(step.items[0].committed.proposal, 5u);
  EXPECT_EQ(step.items[0].committed.after->evidence, proposed.evidence);
  EXPECT_EQ(step.items[0].committed.after->revision, 1010u);
}

TEST_F(MirrorTest, AnotherWritersProposalOfTheSameNumberIsNotOurs) {
  ours_ = std::make_shared<const core::ClientRecord>(NewSession("web-1"));
  EXPECT_EQ(Apply({PutClient("web-1", 10, State::kAlive, kThey)}).items[0].committed.proposal, 0u);
}

TEST_F(MirrorTest, OursOfWhichNobodyWaitsAnyMoreIsToldAsAnybodys) {
  const auto step = Apply({PutClient("web-1", 10, State::kAlive, kWe, 6)});
  ASSERT_EQ(step.items.size(), 1u);
  EXPECT_EQ(step.items[0].committed.proposal, 0u);
}

TEST_F(MirrorTest, ChangesOfOneRevisionComeTogether) {
  const auto step = Apply({PutClient("web-1", 10), PutClient("web-2", 10)});
  EXPECT_EQ(step.items.size(), 2u);
  EXPECT_EQ(mirror_.Records().size(), 2u);
}

TEST_F(MirrorTest, AForgottenRecordIsToldOnceWhateverTheOrder) {
  for (const bool deletion_first : {true, false}) {
    Apply({PutClient("web-1", deletion_first ? 10 : 20)});
    const std::int64_t revision = deletion_first ? 11 : 21;
    std::vector<Event> events = {
        Delete(layout_.Client("web-1"), revision),
        Put(layout_.Forgotten(3), Value("web-1", State::kForgotten, kThey, 9), revision)};
    if (!deletion_first) std::swap(events[0], events[1]);
    const auto step = Apply(events);
    ASSERT_EQ(step.items.size(), 1u);
    EXPECT_EQ(step.items[0].committed.after->state, State::kForgotten);
    EXPECT_NE(step.items[0].before, nullptr);
    EXPECT_EQ(mirror_.Find("web-1"), nullptr);
    EXPECT_EQ(mirror_.RevisionOf("web-1"), 0);
  }
}

TEST_F(MirrorTest, ADeletionByHandIsForgettingToo) {
  Apply({PutClient("web-1", 10)});
  const auto step = Apply({Delete(layout_.Client("web-1"), 11)});
  ASSERT_EQ(step.items.size(), 1u);
  EXPECT_EQ(step.items[0].committed.after->state, State::kForgotten);
  EXPECT_EQ(step.items[0].committed.after->revision, 1011u);
  EXPECT_EQ(step.items[0].committed.time, now_);
  EXPECT_TRUE(Apply({Delete(layout_.Client("web-1"), 12)}).items.empty());
}

TEST_F(MirrorTest, WhatCannotBeReadIsForgottenAndItsKeyStaysKnown) {
  Apply({PutClient("web-1", 10)});
  const auto step = Apply({Put(layout_.Client("web-1"), "nonsense", 11)});
  ASSERT_EQ(step.items.size(), 1u);
  EXPECT_EQ(step.items[0].committed.after->state, State::kForgotten);
  EXPECT_EQ(mirror_.RevisionOf("web-1"), 11) << "a new registration must overwrite it";
  // A record under another client's key, and a forgotten one where the living are, are no better.
  Apply({Put(layout_.Client("web-2"), Value("web-3", State::kAlive, kThey, 1), 12)});
  EXPECT_EQ(mirror_.Find("web-2"), nullptr);
  EXPECT_EQ(mirror_.Find("web-3"), nullptr);
  EXPECT_EQ(Apply({PutClient("web-1", 13)}).items.size(), 1u);
  EXPECT_EQ(mirror_.RevisionOf("web-1"), 13);
}

TEST_F(MirrorTest, WhatLiesUnderForgottenBeginsNoClient) {
  EXPECT_TRUE(Apply({Put(layout_.Forgotten(0), Value("web-1", State::kAlive, kThey, 1), 10)}).items.empty());
  EXPECT_EQ(mirror_.Find("web-1"), nullptr) << "nobody who starts later reads it there";
}

TEST_F(MirrorTest, WhatLiesUnderForgottenEndsNoClientWhoseKeyIsThere) {
  Apply({PutClient("web-1", 10)});
  const Event forgotten = Put(layout_.Forgotten(0), Value("web-1", State::kForgotten, kThey, 1), 11);
  EXPECT_TRUE(Apply({forgotten}).items.empty());
  EXPECT_NE(mirror_.Find("web-1"), nullptr);
  EXPECT_EQ(mirror_.RevisionOf("web-1"), 10);
}

TEST_F(MirrorTest, AKeyThatNamesNoClientHoldsNone) {
  EXPECT_TRUE(Apply({Put(layout_.Client(""), Value("web-1", State::kAlive, kThey, 1), 10)}).items.empty());
  EXPECT_EQ(mirror_.Find("web-1"), nullptr);
  EXPECT_EQ(mirror_.RevisionOf(""), 10) << "unreadable, and there";
}

TEST_F(MirrorTest, KnowsTheServersAndWhoTouchesTheHistory) {
  EXPECT_TRUE(Apply({Put(layout_.Server("a"), "x", 10)}).servers_changed);
  EXPECT_EQ(mirror_.servers().at("a"), "x");
  EXPECT_FALSE(Apply({Delete(layout_.Server("b"), 11)}).servers_changed);
  EXPECT_TRUE(Apply({Delete(layout_.Server("a"), 12)}).servers_changed);
  EXPECT_TRUE(mirror_.servers().empty());
  EXPECT_FALSE(Apply({Put(layout_.History(), EncodeHistory(history_), 13)}).history_touched);
  EXPECT_TRUE(Apply({Put(layout_.History(), "else", 14)}).history_touched);
  EXPECT_TRUE(Apply({Delete(layout_.History(), 15)}).history_touched);
}

TEST_F(MirrorTest, AListingTellsWhatDiffersInRevisionOrder) {
  Apply({PutClient("same", 10), PutClient("changed", 10), PutClient("gone", 10)});
  Apply({Put(layout_.Server("a"), "x", 11)});
  const auto steps = List({PutClient("changed", 20, State::kSuspect), PutClient("new", 15),
                           PutClient("same", 10), PutClient("also-new", 15)},
                          30);
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].revision, 1015u);
  EXPECT_EQ(steps[0].items.size(), 2u);
  EXPECT_EQ(steps[1].revision, 1020u);
  EXPECT_EQ(steps[1].items[0].before->state, State::kAlive);
  EXPECT_EQ(steps[2].revision, 1030u);
  ASSERT_EQ(steps[2].items.size(), 1u);
  EXPECT_EQ(steps[2].items[0].committed.after->client_id(), "gone");
  EXPECT_EQ(steps[2].items[0].committed.after->state, State::kForgotten);
  EXPECT_TRUE(steps[2].servers_changed);
  EXPECT_FALSE(steps[2].history_touched);
  EXPECT_EQ(mirror_.Records().size(), 4u);
}

TEST_F(MirrorTest, AListingWithoutADifferenceTellsNothingAndOneOfAnotherHistoryDoes) {
  Apply({PutClient("same", 10)});
  EXPECT_TRUE(List({PutClient("same", 10)}, 30).empty());
  const auto steps = List({PutClient("same", 10)}, 31, false);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_TRUE(steps[0].history_touched);
}

TEST_F(MirrorTest, WhatIsGoneAtTheRevisionOfTheLastChangeIsToldWithIt) {
  Apply({PutClient("gone", 10)});
  const auto steps = List({PutClient("new", 30)}, 30);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].items.size(), 2u);
}

TEST_F(MirrorTest, AnUnreadableKeyThatWentUnseenIsNoLongerKnown) {
  Apply({Put(layout_.Client("web-1"), "nonsense", 10), Put(layout_.Client("web-2"), "nonsense", 10)});
  List({Put(layout_.Client("web-2"), "nonsense", 10)}, 30);
  EXPECT_EQ(mirror_.RevisionOf("web-1"), 0);
  EXPECT_EQ(mirror_.RevisionOf("web-2"), 10);
}

TEST_F(MirrorTest, LoadsSilentlyAndRefusesWhatItCannotRead) {
  EXPECT_TRUE(mirror_.Load(PutClient("web-1", 10).kv()).ok());
  EXPECT_TRUE(mirror_.Load(Put(layout_.Forgotten(1), "whatever", 10).kv()).ok());
  EXPECT_TRUE(mirror_.Load(Put(layout_.Server("a"), "x", 10).kv()).ok());
  EXPECT_EQ(mirror_.Records().size(), 1u);
  const absl::Status bad = mirror_.Load(Put(layout_.Client("web-2"), "nonsense", 10).kv());
  EXPECT_EQ(bad.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(bad.message().find("/liveness/clients/web-2"), std::string::npos);
}

}  // namespace
}  // namespace liveness::storage::etcd
