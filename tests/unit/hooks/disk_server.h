// A server's registry and hooks over a SQLite store on a disk that fails when a test says so, run after run.
// Header only.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/hooks/hooks.h"
#include "server/registry/publisher_thread.h"
#include "server/storage/sqlite_database.h"
#include "server/storage/sqlite_store.h"
#include "tests/support/registry/registry_harness.h"
#include "tests/support/stores/faulty_disk.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/hooks/fake_history.h"

namespace liveness::hooks {

class DiskServerTest : public ::testing::Test {
 protected:
  // One run of a server, on what the last one left, with one hook, `pager`.
  struct Server {
    Server(testing::ManualClock& clock, std::unique_ptr<storage::SqliteStore> opened,
           const registry::RegistryOptions& options, const Outcome& answer)
        : store(std::move(opened)), harness(clock, *store, options), publisher(harness.registry) {
      auto made = std::make_unique<FakeDelivery>();
      delivery = made.get();
      delivery->Answer("pager", answer);
      hooks = std::make_unique<Hooks>(Hooks::Parts{harness.registry, store->notes(), common::SystemClock(),
                                                   [] { return 0.0; }, [](bool, const std::string&) {}},
                                      std::move(made));
      HookConfig hook;
      hook.name = "pager";
      hook.command = {"/bin/true"};
      hooks->Configure({std::make_shared<const HookConfig>(hook)});
    }
    ~Server() { hooks.reset(); }

    std::unique_ptr<storage::SqliteStore> store;
    testing::RegistryHarness harness;
    registry::PublisherThread publisher;
    FakeDelivery* delivery = nullptr;
    std::unique_ptr<Hooks> hooks;
  };

  DiskServerTest() {
    options_.path = dir_.file("liveness.db");
    options_.vfs = disk_.vfs();
    options_.fsync_always = true;  // nobody but the writer touches the disk
  }
  // The hook has begun, and its place is on disk: a crash forgets nothing of what comes from now on.
  void Start(const Outcome& answer = {}) {
    clock_.Advance(std::chrono::seconds(1));
    auto store = storage::SqliteStore::Open(options_, clock_);
    ASSERT_TRUE(store.ok()) << store.status();
    server_.emplace(clock_, *std::move(store), registry_options_, answer);
    ASSERT_TRUE(Await([&] {
      const auto states = server_->hooks->States();
      return states.size() == 1 && states[0].revision != 0;
    }));
    ASSERT_TRUE(Await([&] { return HasPlaceOnDisk(); }));
  }
  // Nothing that it still does reaches the disk.
  void Kill() {
    disk_.FailFrom(1, SQLITE_IOERR);
    server_.reset();
    disk_.Heal();
  }
  // Waits until it is welcomed.
  testing::Peer Join(const std::string& id) {
    testing::Peer peer;
    peer.stream = std::make_shared<testing::RecordingStream>();
    registry::HelloRequest hello = testing::RegistryHarness::Hello(id);
    hello.stream = peer.stream;
    std::promise<absl::StatusOr<registry::Attached>> answer;
    server_->harness.registry.Attach(std::move(hello), [&](absl::StatusOr<registry::Attached> attached) {
      answer.set_value(std::move(attached));
    });
    absl::StatusOr<registry::Attached> attached = answer.get_future().get();
    EXPECT_TRUE(attached.ok()) << attached.status();
    if (attached.ok()) peer.attached = *std::move(attached);
    return peer;
  }
  // Its process ends; waits until that is told.
  void Close(const std::string& id, const testing::Peer& peer) {
    server_->harness.Close(peer);
    EXPECT_TRUE(Await([&] { return server_->harness.StateOf(id) == core::State::kSuspect; }));
  }
  // Subjects, in order.
  std::vector<std::string> Sent() const {
    std::vector<std::string> sent;
    for (const EventPtr& event : server_->delivery->Sent("pager")) sent.push_back(event->subject);
    return sent;
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
  registry::RegistryOptions registry_options_;
  std::optional<Server> server_;

 private:
  bool HasPlaceOnDisk() const {
    auto database =
        storage::SqliteDatabase::Open(options_.path, storage::SqliteDatabase::Access::kReadOnly, "");
    if (!database.ok()) return false;
    const auto notes = database->QueryInt("SELECT count(*) FROM meta WHERE key = 'note/hooks/pager'");
    return notes.ok() && *notes == 1;
  }
};

}  // namespace liveness::hooks
