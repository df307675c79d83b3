// Hooks over a registry whose time stands still, with receivers that answer when the test says so.
#include "server/hooks/hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "server/registry/publisher_thread.h"
#include "tests/support/registry/registry_harness.h"
#include "tests/unit/hooks/fake_history.h"

namespace liveness::hooks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

HookConfigPtr Hook(const std::string& name, const std::string& filter = "") {
  HookConfig hook;
  hook.name = name;
  hook.command = {"/bin/true"};
  hook.filter = filter;
  return std::make_shared<const HookConfig>(hook);
}

std::vector<std::string> Subjects(const std::vector<EventPtr>& events) {
  std::vector<std::string> subjects;
  for (const EventPtr& event : events) subjects.push_back(event->subject);
  return subjects;
}

class HooksTest : public ::testing::Test {
 protected:
  // A process: on the registry as it is, with the notes that the last one left.
  void Start(std::vector<HookConfigPtr> hooks) {
    auto delivery = std::make_unique<FakeDelivery>();
    delivery_ = delivery.get();
    for (const auto& [name, outcome] : answers_) delivery_->Answer(name, outcome);
    hooks_ = std::make_unique<Hooks>(Hooks::Parts{harness_.registry, notes_, common::SystemClock(),
                                                  [] { return 0.0; }, [](bool, const std::string&) {}},
                                     std::move(delivery));
    hooks_->Configure(std::move(hooks));
  }
  // Ends it as a crash would: what was written to the notes stays, and nothing more is written.
  void Crash() {
    notes_.StandDown();
    hooks_.reset();
  }
  void Join(const std::string& id) { (void)harness_.Attach(id); }
  static bool Await(const std::function<bool()>& condition) {
    common::Mutex mu;
    common::CondVar nobody;
    common::MutexLock lock(mu);
    for (int n = 0; n < 2'000; ++n) {
      if (condition()) return true;
      nobody.WaitFor(mu, std::chrono::milliseconds(10));
    }
    return false;
  }
  HookState StateOf(const std::string& name) {
    for (const HookState& state : hooks_->States()) {
      if (state.name == name) return state;
    }
    return {};
  }
  // The hook has begun: what comes from now on is its.
  bool AwaitBegun(const std::string& name) {
    return Await([&] { return StateOf(name).revision != 0; });
  }

  testing::RegistryHarness harness_;
  registry::PublisherThread publisher_{harness_.registry};
  storage::LocalNotes notes_;
  std::map<std::string, Outcome> answers_;
  FakeDelivery* delivery_ = nullptr;
  std::unique_ptr<Hooks> hooks_;
};

TEST_F(HooksTest, ANewHookBeginsAtThePresentAndIsToldAsItHappens) {
  Join("before");
  Start({Hook("pager")});
  ASSERT_TRUE(AwaitBegun("pager"));
  Join("shop-1");
  Join("shop-2");
  ASSERT_TRUE(delivery_->Await("pager", 1));
  EXPECT_TRUE(delivery_->Finish("pager"));
  ASSERT_TRUE(delivery_->Await("pager", 2));
  EXPECT_THAT(Subjects(delivery_->Sent("pager")),
              ElementsAre("clients/shop-1/ALIVE", "clients/shop-2/ALIVE"));
}

TEST_F(HooksTest, AReceiverThatIsAwayDelaysNoOther) {
  answers_["good"] = {};
  Start({Hook("bad"), Hook("good")});
  ASSERT_TRUE(AwaitBegun("bad") && AwaitBegun("good"));
  for (int n = 0; n < 300; ++n) Join("shop-" + std::to_string(n));
  ASSERT_TRUE(delivery_->Await("good", 300));
  EXPECT_THAT(delivery_->Sent("bad"), SizeIs(1));
  EXPECT_TRUE(Await([&] { return StateOf("good").behind == 0 && StateOf("bad").behind == 300; }))
      << StateOf("bad").behind;
}

TEST_F(HooksTest, AfterACrashItGoesOnWhereItsNoteStands) {
  answers_["pager"] = {};
  Start({Hook("pager")});
  ASSERT_TRUE(AwaitBegun("pager"));
  Join("shop-1");
  ASSERT_TRUE(delivery_->Await("pager", 1));
  const std::uint64_t taken = harness_.registry.revision();
  ASSERT_TRUE(Await([&] {
    const auto note = notes_.Read(notes_.term(), "hooks/pager");
    return !note.empty() && DecodePosition(note.begin()->second)->revision == taken;
  })) << "soon";
  answers_.clear();
  Crash();
  Join("shop-2");
  Start({Hook("pager")});
  Join("shop-3");
  ASSERT_TRUE(delivery_->Await("pager", 1));
  EXPECT_EQ(delivery_->Sent("pager")[0]->subject, "clients/shop-2/ALIVE");
  Crash();
  Start({Hook("pager")});
  ASSERT_TRUE(delivery_->Await("pager", 1));
  EXPECT_EQ(delivery_->Sent("pager")[0]->subject, "clients/shop-2/ALIVE") << "was not taken";
}

TEST_F(HooksTest, AStopWaitsForWhatIsOnItsWayAndKeepsThePlace) {
  Start({Hook("pager")});
  ASSERT_TRUE(AwaitBegun("pager"));
  Join("shop-1");
  Join("shop-2");
  ASSERT_TRUE(delivery_->Await("pager", 1));
  std::thread receiver([&] { EXPECT_TRUE(Await([&] { return delivery_->Finish("pager"); })); });
  hooks_->Stop();
  receiver.join();
  Start({Hook("pager")});
  ASSERT_TRUE(delivery_->Await("pager", 1));
  EXPECT_EQ(delivery_->Sent("pager")[0]->subject, "clients/shop-2/ALIVE");
}

TEST_F(HooksTest, AReloadDisturbsOnlyWhatItChanges) {
  Start({Hook("a"), Hook("b"), Hook("c")});
  ASSERT_TRUE(AwaitBegun("a") && AwaitBegun("b") && AwaitBegun("c"));
  Join("shop-1");
  ASSERT_TRUE(delivery_->Await("a", 1) && delivery_->Await("b", 1) && delivery_->Await("c", 1));
  hooks_->Configure({Hook("a"), Hook("b", "client_id = shop-*"), Hook("d")});
  ASSERT_TRUE(delivery_->Await("b", 2)) << "sent anew as it is configured now";
  ASSERT_TRUE(AwaitBegun("d"));
  EXPECT_THAT(delivery_->Sent("a"), SizeIs(1));
  EXPECT_TRUE(delivery_->in_flight("a"));
  EXPECT_FALSE(delivery_->in_flight("c"));
  Join("bank-1");
  ASSERT_TRUE(delivery_->Await("d", 1));
  EXPECT_THAT(Subjects(delivery_->Sent("d")), ElementsAre("clients/bank-1/ALIVE"));
  EXPECT_THAT(hooks_->States(), SizeIs(3));
  // Put back, it goes on where it was.
  hooks_->Configure({Hook("c")});
  ASSERT_TRUE(delivery_->Await("c", 2));
  EXPECT_EQ(delivery_->Sent("c")[1]->subject, "clients/shop-1/ALIVE");
  hooks_->Configure({});
  EXPECT_TRUE(Await([&] { return notes_.term() == 0 && hooks_->States().empty(); }));
}

TEST_F(HooksTest, WhatIsTakenOutAndPutBackWhileItsAttemptEndsGoesOn) {
  Start({Hook("a"), Hook("b")});
  ASSERT_TRUE(AwaitBegun("a") && AwaitBegun("b"));
  Join("shop-1");
  ASSERT_TRUE(delivery_->Await("b", 1));
  delivery_->HoldCancels();
  hooks_->Configure({Hook("a")});
  ASSERT_TRUE(delivery_->AwaitCancel("b"));
  hooks_->Configure({Hook("a"), Hook("b", "client_id = *")});
  ASSERT_TRUE(Await([&] { return hooks_->States().size() == 2; }));
  EXPECT_THAT(delivery_->Sent("b"), SizeIs(1)) << "one at a time";
  ASSERT_TRUE(delivery_->Finish("b", {Result::kCancelled}));
  ASSERT_TRUE(delivery_->Await("b", 2));
  EXPECT_EQ(delivery_->Sent("b")[1]->subject, "clients/shop-1/ALIVE");
}

TEST_F(HooksTest, WhoDoesNotLeadSendsNothingAndAnotherGoesOn) {
  Start({Hook("pager")});
  ASSERT_TRUE(AwaitBegun("pager"));
  Join("shop-1");
  ASSERT_TRUE(delivery_->Await("pager", 1));
  notes_.StandDown();  // as when its lease runs out
  hooks_->Configure({Hook("pager")});
  ASSERT_TRUE(Await([&] { return !StateOf("pager").leads; }));
  EXPECT_FALSE(delivery_->in_flight("pager")) << "at once";
  Join("shop-2");
  EXPECT_THAT(delivery_->Sent("pager"), SizeIs(1));
  notes_.Stand([] {});
  hooks_->Configure({Hook("pager")});
  ASSERT_TRUE(delivery_->Await("pager", 2));
  EXPECT_EQ(delivery_->Sent("pager")[1]->subject, "clients/shop-1/ALIVE") << "from the notes";
}

TEST_F(HooksTest, WithoutHooksNothingRuns) {
  Start({});
  Join("shop-1");
  EXPECT_EQ(notes_.term(), 0u);
  EXPECT_EQ(harness_.registry.totals().watchers, 0);
  EXPECT_THAT(hooks_->States(), IsEmpty());
}

}  // namespace
}  // namespace liveness::hooks
