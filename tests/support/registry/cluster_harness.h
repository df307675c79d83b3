// Servers that share one store, each with its own delay to it, under one clock.
// Header only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/registry/registry_harness.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::testing {

// One server of the cluster, and its way to the store.
struct ClusterServer {
  ClusterServer(ManualClock& clock, Ledger& ledger, const std::string& the_id)
      : id(the_id),
        store(ledger, ManualStore::Kind::kShared),
        h(clock, store, {.server_id = the_id, .restart_grace = std::chrono::seconds(5)}) {}
  ~ClusterServer() { EXPECT_THAT(store.complaints(), ::testing::IsEmpty()); }

  // What it decided is committed, and it hears of all.
  bool Settle() {
    const bool had_something = !store.idle();
    store.ApplyAll();
    store.Tell();
    return had_something;
  }
  Peer Answered(const std::shared_ptr<Peer>& peer) {
    while (Settle()) {
    }
    return *peer;
  }
  Peer Welcomed(const std::string& client, const std::string& instance = "i1",
                std::optional<std::uint64_t> resume = std::nullopt) {
    return Answered(h.AttachLater(client, instance, resume));
  }
  void Labels(const Peer& peer, const std::string& zone) {
    h.registry.UpdateLabels(peer.attached.session, peer.attached.attachment, {{"zone", zone}});
  }

  const std::string id;
  ManualStore store;
  RegistryHarness h;
  bool cut = false;  // from the store
};

class Cluster : public ::testing::Test {
 protected:
  Cluster() {
    for (const char* id : {"s1", "s2", "s3"}) servers_.push_back(Start(id));
    TellServers();
    for (const auto& server : servers_) server->h.registry.BeginServing();
  }
  std::unique_ptr<ClusterServer> Start(const std::string& id) {
    return std::make_unique<ClusterServer>(clock_, ledger_, id);
  }
  ClusterServer& s(int number) { return *servers_.at(static_cast<std::size_t>(number - 1)); }
  RegistryHarness& h(int number) { return s(number).h; }

  // kill -9; its lease goes on until TellServers().
  void Kill(int number) { servers_.at(static_cast<std::size_t>(number - 1)) = nullptr; }
  void Restart(int number) {
    servers_.at(static_cast<std::size_t>(number - 1)) = Start("s" + std::to_string(number));
    TellServers();
    h(number).registry.BeginServing();
  }
  // Who holds a lease now.
  void TellServers(const std::set<std::string>& lost = {}) {
    std::vector<std::string> ids;
    for (const auto& server : servers_) {
      if (server != nullptr && !lost.contains(server->id)) ids.push_back(server->id);
    }
    for (const auto& server : servers_) {
      if (server != nullptr) server->store.SetServers(ids);
    }
  }
  // Until nothing is on its way to a server that is not cut off.
  void Settle() {
    for (bool more = true; more;) {
      more = false;
      for (const auto& server : servers_) {
        if (server != nullptr && !server->cut) more = server->Settle() || more;
      }
    }
  }
  void Run(common::Duration span) {
    for (; span > common::Duration::zero(); span -= std::chrono::milliseconds(10)) {
      clock_.Advance(std::min<common::Duration>(span, std::chrono::milliseconds(10)));
      for (const auto& server : servers_) {
        if (server != nullptr) server->h.Tick();
      }
      Settle();
    }
  }
  void Cut(int number, bool cut) {
    s(number).cut = cut;
    s(number).store.set_health(cut ? absl::UnavailableError("etcd is away") : absl::OkStatus());
  }

  // What was committed, as "id:FROM>TO(CAUSE)".
  std::vector<std::string> Committed() const {
    std::vector<std::string> lines;
    for (const auto& entry : ledger_.log()) {
      const core::ClientRecord& after = *entry.change.after;
      std::string line = std::string(after.client_id()) + ":";
      line += entry.before == nullptr ? "-" : core::Name(entry.before->state);
      line += ">" + std::string(core::Name(after.state));
      if (after.cause != core::Cause::kUnspecified) line += "(" + std::string(core::Name(after.cause)) + ")";
      lines.push_back(std::move(line));
    }
    return lines;
  }
  void ExpectAllAgree() {
    for (const auto& server : servers_) {
      if (server == nullptr) continue;
      EXPECT_EQ(server->h.Told(), Committed()) << server->id;
      const auto known = testing::Everything(server->h.registry);
      EXPECT_THAT(known, ::testing::SizeIs(ledger_.records().size())) << server->id;
      for (const auto& [id, record] : ledger_.records()) {
        EXPECT_EQ(known.at(id)->revision, record->revision) << server->id << " " << id;
        EXPECT_EQ(known.at(id)->state, record->state) << server->id << " " << id;
      }
    }
  }

  ManualClock clock_;
  Ledger ledger_;
  std::vector<std::unique_ptr<ClusterServer>> servers_;
};

}  // namespace liveness::testing
