// A client whose token names what the store knows nothing of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/cluster_harness.h"
#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using testing::Cluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Machine;
using testing::Peer;

class PastLost : public ::testing::Test {
 protected:
  PastLost() {
    m_.options.on_notice = [this](const std::string& notice) { notices_.push_back(notice); };
  }
  std::vector<std::string> notices_;
  Machine m_;
};

TEST_F(PastLost, AnOrdinaryTokenProvesNothing) {
  const Peer a = m_.Welcomed("a");
  m_.Restart();
  EXPECT_TRUE(m_.Welcomed("a", "i1", a.attached.incarnation).attached.resumed);
  EXPECT_THAT(m_.store().lost(), IsEmpty());
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(PastLost, ATokenOfALostFutureEndsTheResumingOfWhatWasBefore) {
  const Peer a = m_.Welcomed("a"), b = m_.Welcomed("b"), c = m_.Welcomed("c");
  m_.Restart();
  EXPECT_TRUE(m_.Welcomed("a", "i1", a.attached.incarnation).attached.resumed);
  // "b" has been given one since, of which the store knows nothing.
  const std::uint64_t seen = m_.ledger.revision() + 100;
  const Peer b_again = m_.Welcomed("b", "i2", seen);
  EXPECT_TRUE(b_again.refused.ok()) << b_again.refused;
  EXPECT_FALSE(b_again.attached.resumed);
  EXPECT_THAT(m_.store().lost(), ElementsAre(seen));
  ASSERT_EQ(notices_.size(), 1u);
  // Others may have been as well: the session of "c" is not resumed, but that of "a" is this process's own.
  EXPECT_FALSE(m_.Welcomed("c", "i1", c.attached.incarnation).attached.resumed);
  EXPECT_TRUE(m_.Welcomed("a", "i1", a.attached.incarnation).attached.resumed);
  (void)m_.Welcomed("d", "i1", seen + 1);
  EXPECT_EQ(notices_.size(), 1u) << "once";
}

TEST_F(PastLost, SoDoesOneAboveItsClientsRecordHoweverFarTheStoreHasCome) {
  const Peer a = m_.Welcomed("a"), c = m_.Welcomed("c");
  m_.Restart();
  // "a" was begun anew in what is lost; since then others were given as many revisions.
  for (const char* id : {"d", "e", "f"}) (void)m_.Welcomed(id);
  const std::uint64_t seen = m_.ledger.revision();
  const Peer again = m_.Welcomed("a", "i2", seen);
  EXPECT_FALSE(again.attached.resumed);
  EXPECT_GT(again.attached.incarnation, seen);
  EXPECT_EQ(notices_.size(), 1u);
  EXPECT_FALSE(m_.Welcomed("c", "i1", c.attached.incarnation).attached.resumed);
}

TEST_F(PastLost, WhoWasSupersededBeforeStaysOut) {
  const Peer old = m_.Welcomed("a", "i1");
  (void)m_.Welcomed("a", "i2");
  m_.Restart();
  (void)m_.Welcomed("b", "i1", m_.ledger.revision() + 100);
  EXPECT_EQ(ReasonOf(m_.Welcomed("a", "i1", old.attached.incarnation).refused), "SUPERSEDED");
}

TEST_F(PastLost, ATokenOfTheSessionBeforeOneThatWaitsForTheStoreProvesNothing) {
  m_.Restart();
  const Peer a = m_.Welcomed("a");
  const auto anew = m_.h().AttachLater("a", "i1");
  const auto late = m_.h().AttachLater("a", "i1", a.attached.incarnation);
  m_.store().CommitAll();
  EXPECT_THAT(notices_, IsEmpty());
}

// The store has skipped some, lest they be given out twice, and knows nothing of them.
TEST_F(PastLost, ATokenOfWhatTheStoreSkippedIsOfALostFuture) {
  const std::uint64_t start = m_.ledger.revision();
  testing::ManualStore store(m_.ledger);
  Registry registry({.server_id = "server-1"}, m_.clock, store,
                    {.revision = start, .last_known = start - 500});
  store.Start(registry);
  const auto attach = [&](const char* id, std::uint64_t token) {
    auto hello = testing::RegistryHarness::Hello(id, "i1", token);
    hello.stream = std::make_shared<testing::RecordingStream>();
    registry.Attach(std::move(hello), [](const absl::StatusOr<Attached>&) {});
    store.CommitAll();
  };
  attach("known", start - 500);
  EXPECT_THAT(store.lost(), IsEmpty());
  attach("of-this-process", start + 1);
  EXPECT_THAT(store.lost(), IsEmpty());
  attach("skipped", start - 499);
  attach("last-skipped", start);
  EXPECT_THAT(store.lost(), ElementsAre(start - 499, start));
  store.Stop();
}

// In a cluster it may be this server that is late.
class PastLostInACluster : public Cluster {};

TEST_F(PastLostInACluster, NobodyIsGivenAnIncarnationBelowHisLast) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  s(2).cut = true;  // and does not know it yet
  h(1).registry.SayGoodbye(a.attached.session, a.attached.attachment, {});
  s(1).Settle();
  const Peer again = s(1).Welcomed("a", "i1");
  const auto early = h(2).AttachLater("a", "i1", again.attached.incarnation);
  EXPECT_EQ(ReasonOf(early->refused), "STORE_UNAVAILABLE");
  EXPECT_EQ(early->refused.code(), absl::StatusCode::kUnavailable) << "tried again, here or elsewhere";
  s(2).cut = false;
  Settle();
  const auto late = h(2).AttachLater("a", "i1", again.attached.incarnation);
  Settle();
  EXPECT_TRUE(late->attached.resumed);
  EXPECT_EQ(late->attached.incarnation, again.attached.incarnation);
}

}  // namespace
}  // namespace liveness::registry
