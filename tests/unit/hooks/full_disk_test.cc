// Hooks whose server's disk is full: nothing waits for it, nothing is lost while the server lives, and what a
// crash then costs is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "server/hooks/hooks.h"
#include "server/registry/publisher_thread.h"
#include "server/storage/sqlite_store.h"
#include "tests/support/registry/registry_harness.h"
#include "tests/support/stores/faulty_disk.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/hooks/fake_history.h"

namespace liveness::hooks {
namespace {

using ::testing::ElementsAre;

class FullDisk : public ::testing::Test {
 protected:
  // One run of a server, on what the last one left.
  struct Server {
    Server(testing::ManualClock& clock, std::unique_ptr<storage::SqliteStore> opened)
        : store(std::move(opened)), harness(clock, *store), publisher(harness.registry) {
      auto made = std::make_unique<FakeDelivery>();
      delivery = made.get();
      delivery->Answer("pager", {});
      hooks = std::make_unique<Hooks>(Hooks::Parts{harness.registry, store->notes(), common::SystemClock(),
                                                   [] { return 0.0; }, [](bool, const std::string&) {}},
                                      std::move(made));
      HookConfig hook;
      hook.name = "pager";
      hook.command = {"/bin/true"};
      hooks->Configure({std::make_shared<const HookConfig>(hook)});
    }
    ~Server() { hooks.reset(); }

    std::vector<std::string> Sent() const {
      std::vector<std::string> sent;
      for (const EventPtr& event : delivery->Sent("pager")) sent.push_back(event->subject);
      return sent;
    }

    std::unique_ptr<storage::SqliteStore> store;
    testing::RegistryHarness harness;
    registry::PublisherThread publisher;
    FakeDelivery* delivery = nullptr;
    std::unique_ptr<Hooks> hooks;
  };

  FullDisk() {
    options_.path = dir_.file("liveness.db");
    options_.vfs = disk_.vfs();
    options_.fsync_always = true;  // nobody but the writer touches the disk
  }
  void Start() {
    clock_.Advance(std::chrono::seconds(1));
    auto store = storage::SqliteStore::Open(options_, clock_);
    ASSERT_TRUE(store.ok()) << store.status();
    server_.emplace(clock_, *std::move(store));
    ASSERT_TRUE(Await([&] {
      const auto states = server_->hooks->States();
      return states.size() == 1 && states[0].revision != 0;
    }));
  }
  // Nothing that it still does reaches the disk.
  void Kill() {
    disk_.FailFrom(1, SQLITE_IOERR);
    server_.reset();
    disk_.Heal();
  }
  std::shared_ptr<testing::Peer> Join(const std::string& id) {
    auto peer = server_->harness.AttachLater(id);
    EXPECT_TRUE(Await([&] { return peer->attached.session != nullptr; }));
    return peer;
  }
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

  testing::TempDir dir_{testing::TempDir::On::kMemory};
  testing::FaultyDisk disk_;
  testing::ManualClock clock_;
  storage::SqliteOptions options_;
  std::optional<Server> server_;
};

TEST_F(FullDisk, WhatHappensMeanwhileIsSent) {
  Start();
  const auto peer = Join("web-1");
  ASSERT_TRUE(server_->delivery->Await("pager", 1));
  disk_.FailFrom(1, SQLITE_FULL);
  server_->harness.Close(*peer);
  ASSERT_TRUE(server_->delivery->Await("pager", 2));
  EXPECT_THAT(server_->Sent(), ElementsAre("clients/web-1/ALIVE", "clients/web-1/SUSPECT/PROCESS_EXITED"));
  EXPECT_FALSE(server_->store->health().ok());
}

TEST_F(FullDisk, WhatACrashThenCostsIsToldAsAGap) {
  Start();
  const auto peer = Join("web-1");
  ASSERT_TRUE(server_->delivery->Await("pager", 1));
  disk_.FailFrom(1, SQLITE_FULL);
  server_->delivery->Answer("pager", {Result::kFailed, "away"});
  server_->harness.Close(*peer);
  ASSERT_TRUE(server_->delivery->Await("pager", 2));
  disk_.Heal();
  // The disk works again, and history has a gap.
  ASSERT_TRUE(Await([&] {
    clock_.Advance(std::chrono::seconds(1));
    return server_->store->health().ok();
  }));
  Kill();
  Start();
  EXPECT_TRUE(Await([&] {
    const auto sent = server_->Sent();
    return std::find(sent.begin(), sent.end(), "history") != sent.end();
  })) << ::testing::PrintToString(server_->Sent());
}

}  // namespace
}  // namespace liveness::hooks
