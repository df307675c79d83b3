// What happens while a connection is looked at, which is done without the lock, and between a heartbeat
// and its refutation.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry/cluster_harness.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::ElementsAre;
using testing::Peer;
using testing::RegistryHarness;

// At the next look something happens.
class LookedAt final : public StreamHandle {
 public:
  void Probe(std::uint64_t) override {}
  void End(const absl::Status&) override {}
  core::LinkEvidence Look() override {
    const core::LinkEvidence shown = link;
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return shown;
  }

  core::LinkEvidence link;
  std::function<void()> meanwhile;
};

struct LookedAtClient {
  std::shared_ptr<LookedAt> stream = std::make_shared<LookedAt>();
  Attached attached;

  explicit LookedAtClient(RegistryHarness& h) {
    HelloRequest hello = RegistryHarness::Hello("a");
    hello.stream = stream;
    h.registry.Attach(std::move(hello),
                      [this](absl::StatusOr<Attached> done) { attached = *std::move(done); });
  }
};

TEST(LookRace, TheLookAtAStreamThatClosedMeanwhileShowsNothing) {
  RegistryHarness h;
  LookedAtClient a(h);
  h.registry.SetDraining(true);  // so that the close itself is no suspicion
  core::LinkEvidence at_close;
  at_close.taken_at = h.clock.Mono();
  at_close.tcp.closed_by_us = true;
  a.stream->link.taken_at = h.clock.Mono();
  a.stream->meanwhile = [&] {
    h.registry.StreamClosed(a.attached.session, a.attached.attachment, core::StreamEnd::kByServer, at_close);
  };
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  ASSERT_TRUE(h.Record("a")->evidence->link);
  EXPECT_TRUE(h.Record("a")->evidence->link->tcp.closed_by_us) << "what was seen as it closed";
}

TEST(LookRace, AHeartbeatDuringTheLastLookSavesItsClient) {
  RegistryHarness h;
  LookedAtClient a(h);
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  TouchResult touched = TouchResult::kStale;
  a.stream->meanwhile = [&] { touched = a.attached.session->Touch(a.attached.attachment, h.clock.Mono()); };
  while (a.stream->meanwhile && h.StateOf("a") == State::kSuspect) h.Run(milliseconds(10));
  EXPECT_EQ(touched, TouchResult::kRefutes);
  ASSERT_EQ(h.StateOf("a"), State::kSuspect) << "its stream's thread is on its way to say so";
  EXPECT_TRUE(h.registry.Refute(a.attached.session, a.attached.attachment));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(UNKNOWN)", "a:SUSPECT>ALIVE"));
}

TEST(LookRace, AShutdownDuringTheLookBlamesNobody) {
  RegistryHarness h;
  LookedAtClient a(h);
  a.stream->meanwhile = [&] { h.registry.BeginShutdown(); };
  h.Run(milliseconds(3'050));
  EXPECT_FALSE(a.stream->meanwhile);
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
}

TEST(LookRace, WhoIsSupersededDuringTheLookEndsOnce) {
  RegistryHarness h;
  LookedAtClient a(h);
  a.stream->meanwhile = [&] { h.Attach("a", "i2"); };
  h.Run(milliseconds(3'010));
  EXPECT_FALSE(a.stream->meanwhile);
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
}

TEST(LookRace, WhoIsEvictedDuringTheLookStaysDeadAndIsForgotten) {
  RegistryHarness h({.keep_dead = seconds(10)});
  LookedAtClient a(h);
  a.stream->meanwhile = [&] { EXPECT_TRUE(h.Evict("a").ok()); };
  h.Run(milliseconds(3'010));
  EXPECT_FALSE(a.stream->meanwhile);
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>DEAD(EVICTED)"));
  h.Run(seconds(11));
  EXPECT_EQ(h.Record("a"), nullptr);
}

// A client of s1, which has no lease; s2 is about to say that the client is dead, and looks at a connection
// of its own. Meanwhile s1 has its lease again, and says that its client lives.
TEST_F(Cluster, WhoseServerSpeaksDuringALookIsItsServersToJudge) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  s(1).cut = true;
  TellServers({"s1"});
  const common::MonoTime orphaned_at = clock_.Mono();
  Run(seconds(1));
  // Of this one there is always something to look at.
  const auto looked_at = std::make_shared<LookedAt>();
  HelloRequest hello = RegistryHarness::Hello("b");
  hello.stream = looked_at;
  h(2).registry.Attach(std::move(hello), [](const auto&) {});
  looked_at->link.tcp.unread_bytes = 1;
  Settle();
  for (int i = 0; i < 3; ++i) {
    h(1).Beat(a);
    Run(seconds(1));
  }
  h(1).Beat(a);
  Run(orphaned_at + milliseconds(4'990) - clock_.Mono());
  ASSERT_EQ(h(2).StateOf("a"), State::kSuspect);
  looked_at->meanwhile = [&] {
    TellServers();
    s(1).cut = false;
    Settle();
    EXPECT_EQ(h(2).StateOf("a"), State::kAlive);
  };
  Run(milliseconds(100));
  ASSERT_FALSE(looked_at->meanwhile);
  EXPECT_THAT(Committed(),
              ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)", "b:->ALIVE", "a:SUSPECT>ALIVE"));
}

// A client of s1, which has gone, is about to be dead to s2, which looks at a connection of its own
// meanwhile.
class OrphanDuringALook : public Cluster {
 protected:
  OrphanDuringALook() {
    s(1).Welcomed("a");
    Settle();
    Kill(1);
    TellServers();
    // The store tells s3 nothing any more: the orphan is s2's to judge.
    s(3).cut = true;
    const common::MonoTime orphaned_at = clock_.Mono();
    Run(seconds(1));
    HelloRequest hello = RegistryHarness::Hello("b");
    hello.stream = looked_at_;
    h(2).registry.Attach(std::move(hello), [](const auto&) {});
    looked_at_->link.tcp.unread_bytes = 1;
    Settle();
    Run(orphaned_at + milliseconds(4'990) - clock_.Mono());
    EXPECT_EQ(h(2).StateOf("a"), State::kSuspect);
  }
  void LookWhile(std::function<void()> meanwhile) {
    looked_at_->meanwhile = std::move(meanwhile);
    Run(milliseconds(100));
    ASSERT_FALSE(looked_at_->meanwhile);
  }

  const std::shared_ptr<LookedAt> looked_at_ = std::make_shared<LookedAt>();
};

TEST_F(OrphanDuringALook, WhoIsEvictedDiesOnce) {
  LookWhile([&] {
    h(2).EvictLater("a");
    Settle();
  });
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)", "b:->ALIVE",
                                       "a:SUSPECT>DEAD(EVICTED)"));
}

TEST_F(OrphanDuringALook, WhoseNextInstanceComesIsNotBuriedInItsPlace) {
  LookWhile([&] { s(2).Welcomed("a", "i2"); });
  EXPECT_EQ(h(2).StateOf("a"), State::kAlive);
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)", "b:->ALIVE",
                                       "a:SUSPECT>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
}

TEST_F(OrphanDuringALook, WhoIsForgottenElsewhereStaysSo) {
  LookWhile([&] {
    core::ClientRecord gone = *h(2).Record("a");
    gone.state = State::kForgotten;
    ledger_.Write(gone);
    Settle();
  });
  EXPECT_EQ(h(2).Record("a"), nullptr);
  EXPECT_EQ(Committed().back(), "a:SUSPECT>FORGOTTEN(SERVER_LOST)");
}

TEST(LookRace, AHeartbeatWhoseStreamClosedMeanwhileRefutesNothing) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(a.attached.session->Touch(a.attached.attachment, h.clock.Mono()), TouchResult::kRefutes);
  h.Close(a);
  EXPECT_FALSE(h.registry.Refute(a.attached.session, a.attached.attachment));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "only a new stream refutes";
}

}  // namespace
}  // namespace liveness::registry
