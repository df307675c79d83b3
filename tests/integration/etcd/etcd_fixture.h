// Servers' stores on one real etcd.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "common/status.h"
#include "common/strings.h"
#include "server/storage/etcd/etcd_store.h"
#include "tests/support/etcd_process.h"
#include "tests/support/stores/store_proposer.h"

namespace liveness::testing {

// A server as far as its store sees it.
struct EtcdServer {
  std::unique_ptr<storage::etcd::EtcdStore> store;
  storage::Contents contents;
  StoreProposer proposer;

  ~EtcdServer() {
    if (store != nullptr) store->Stop();
  }
};

class EtcdTest : public ::testing::Test {
 protected:
  void StartEtcd(EtcdProcess::Options options = {}) {
    if (!EtcdProcess::Available()) GTEST_SKIP() << "etcd-server and etcd-client are not installed";
    // Short elections: they are what these tests wait for.
    for (const char* arg : {"--heartbeat-interval=50", "--election-timeout=500"}) options.args.push_back(arg);
    etcd_ = EtcdProcess::Start(options);
    ASSERT_NE(etcd_, nullptr);
  }

  storage::etcd::EtcdOptions OptionsOf(const std::string& server_id) const {
    storage::etcd::EtcdOptions options;
    options.endpoints = etcd_->endpoints();
    options.server_id = server_id;
    options.lease_ttl = std::chrono::seconds(2);
    return options;
  }
  std::unique_ptr<EtcdServer> Serve(const std::string& server_id) { return Serve(OptionsOf(server_id)); }
  // `on_told`: after each change that it is told.
  std::unique_ptr<EtcdServer> Serve(storage::etcd::EtcdOptions options,
                                    std::function<void(EtcdServer& server)> on_told = {}) {
    auto server = std::make_unique<EtcdServer>();
    if (on_told) server->proposer.on_told = [on_told, raw = server.get()] { on_told(*raw); };
    auto store = storage::etcd::EtcdStore::Open(std::move(options), common::SystemClock());
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return nullptr;
    server->store = *std::move(store);
    auto contents = server->store->Load();
    EXPECT_TRUE(contents.ok()) << contents.status();
    if (!contents.ok()) return nullptr;
    server->contents = *std::move(contents);
    server->proposer.Use(*server->store);
    return server;
  }

  // Changes of so many clients, proposed at once.
  static std::vector<std::uint64_t> MoveAll(EtcdServer& server, core::State state) {
    std::vector<std::uint64_t> proposals;
    for (const auto& [id, record] : server.proposer.Records()) {
      core::ClientRecord after = *record;
      after.state = state;
      proposals.push_back(server.proposer.Propose(record, after));
    }
    return proposals;
  }
  static void JoinMany(EtcdServer& server, int count) {
    std::vector<std::uint64_t> proposals;
    for (int n = 0; n < count; ++n) {
      proposals.push_back(server.proposer.Propose(nullptr, NewSession(common::StrCat("web-", n))));
    }
    for (const std::uint64_t proposal : proposals) ASSERT_TRUE(server.proposer.Await(proposal).ok());
  }
  static void ExpectAllCommitted(EtcdServer& server, const std::vector<std::uint64_t>& proposals) {
    for (const std::uint64_t proposal : proposals) {
      const auto outcome = server.proposer.Await(proposal);
      EXPECT_TRUE(outcome.ok()) << outcome.status();
    }
    EXPECT_EQ(server.proposer.disorder(), "");
  }

  // Polls until it holds, or gives up.
  static bool Eventually(const std::function<bool()>& holds,
                         std::chrono::milliseconds patience = std::chrono::seconds(15)) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  static bool EventuallyHealthy(const EtcdServer& server) {
    return Eventually([&] { return server.store->health().ok(); });
  }
  static bool EventuallySick(const EtcdServer& server) {
    return Eventually([&] { return !server.store->health().ok(); });
  }
  static bool EventuallyServers(const EtcdServer& server, const std::vector<std::string>& ids) {
    return Eventually([&] { return server.proposer.servers() == ids; });
  }

  // etcd's current revision, as it counts.
  std::string EtcdRevision() const {
    const std::string text = etcd_->Ctl({"get", "nothing", "-w", "json"});
    const std::size_t at = text.find("\"revision\":") + 11;
    return text.substr(at, text.find_first_not_of("0123456789", at) - at);
  }
  // What was told, in a form that can be compared between servers.
  using Line = std::tuple<std::uint64_t, std::string, core::State, std::uint64_t>;
  static std::vector<Line> Lines(const EtcdServer& server) {
    std::vector<Line> lines;
    for (const storage::Committed& change : server.proposer.told()) {
      const core::ClientRecord& after = *change.after;
      lines.emplace_back(after.revision, std::string(after.client_id()), after.state, after.incarnation);
    }
    return lines;
  }

  std::unique_ptr<EtcdProcess> etcd_;
};

}  // namespace liveness::testing
