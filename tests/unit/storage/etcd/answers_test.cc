#include "server/storage/etcd/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "server/storage/etcd/members.h"

namespace liveness::storage::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(EtcdAnswersTest, AnAnswerThatIsNotThereIsEmpty) {
  etcdserverpb::TxnResponse response;
  EXPECT_EQ(RangeOf(response, 0).kvs_size(), 0);
  response.add_responses()->mutable_response_range()->add_kvs()->set_key("a");
  response.add_responses();  // of another kind
  EXPECT_EQ(RangeOf(response, 0).kvs(0).key(), "a");
  EXPECT_EQ(RangeOf(response, 1).kvs_size(), 0);
  EXPECT_EQ(RangeOf(response, 2).kvs_size(), 0);
}

TEST(EtcdAnswersTest, NotesAreKeysBelowTheirs) {
  const Layout layout("/liveness/");
  etcdserverpb::RangeResponse range;
  for (const std::string& key : {layout.Note("groups"), layout.Claim(), std::string("x"), std::string()}) {
    range.add_kvs()->set_key(key);
    range.mutable_kvs(range.kvs_size() - 1)->set_value("1");
  }
  EXPECT_THAT(NotesOf(range, layout), ElementsAre(Pair("groups", "1")));
}

TEST(EtcdAnswersTest, ALeaseStandsForWhatEtcdSaysAndNoLongerThanADay) {
  EXPECT_EQ(LifetimeOf(10), std::chrono::seconds(10));
  EXPECT_EQ(LifetimeOf(-1), common::Duration::zero());
  EXPECT_EQ(LifetimeOf(kLeast), common::Duration::zero());
  EXPECT_EQ(LifetimeOf(kMost), std::chrono::hours(24));
}

TEST(EtcdAnswersTest, WhatItSaysOfAFailureIsOneLineThatATerminalDoesNotObey) {
  Member member;
  member.address = "etcd-1:2379";
  EXPECT_EQ(Describe(member, {grpc::StatusCode::UNAVAILABLE, "etcdserver: no leader"}),
            "etcd-1:2379: etcdserver: no leader");
  EXPECT_EQ(Describe(member, {grpc::StatusCode::UNAVAILABLE, "gone\n\x1b[1m"}),
            "etcd-1:2379: gone\\n\\x1b[1m");
}

}  // namespace
}  // namespace liveness::storage::etcd
