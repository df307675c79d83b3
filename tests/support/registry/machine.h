// A server that can be killed and started again over what it committed, with the
// store in the test's hands. Header only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/registry/registry_harness.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::testing {

// One life of the server: it ends as by kill -9.
struct Process {
  Process(ManualClock& clock, Ledger& ledger, const registry::RegistryOptions& options)
      : store(ledger), h(clock, store, options) {}
  ~Process() { EXPECT_THAT(store.complaints(), ::testing::IsEmpty()); }
  ManualStore store;
  RegistryHarness h;
};

// A disk, and the server that runs over it now.
struct Machine {
  explicit Machine(registry::RegistryOptions the_options = {}) : options(std::move(the_options)) {
    options.server_id = "server-1";
    Start();
    process->h.registry.BeginServing();
  }
  void Start() {
    process = std::make_unique<Process>(clock, ledger, options);
    start = ledger.revision();
  }
  void Crash() { process = nullptr; }
  // Killed, and up again after `down`; it serves at once.
  void Restart(common::Duration down = std::chrono::seconds(1)) {
    Crash();
    clock.Advance(down);
    Start();
    process->h.registry.BeginServing();
    Run(std::chrono::milliseconds(1));
  }

  RegistryHarness& h() const { return process->h; }
  ManualStore& store() const { return process->store; }
  // What is decided is not committed by itself, but for Welcomed(), Run() and Restart().
  Peer Welcomed(const std::string& id, const std::string& instance = "i1",
                std::optional<std::uint64_t> resume = std::nullopt) const {
    const auto peer = h().AttachLater(id, instance, resume);
    store().CommitAll();
    return *peer;
  }
  void Labels(const Peer& peer, const std::string& zone) const {
    h().registry.UpdateLabels(peer.attached.session, peer.attached.attachment, {{"zone", zone}});
  }
  void Goodbye(const Peer& peer, int exit_code = 0) const {
    h().registry.SayGoodbye(peer.attached.session, peer.attached.attachment, {.exit_code = exit_code});
  }
  // What is proposed is committed each 10 ms.
  void Run(common::Duration span) const {
    for (; span > common::Duration::zero(); span -= std::chrono::milliseconds(10)) {
      h().Run(std::min<common::Duration>(span, std::chrono::milliseconds(10)));
      store().CommitAll();
    }
  }
  core::State StateOf(const std::string& id) const { return h().StateOf(id); }
  core::Cause CauseOf(const std::string& id) const { return h().Record(id)->cause; }
  // What was told since the start of this process.
  std::vector<std::string> Told() const {
    auto told = h().Told();
    const auto before = std::count_if(ledger.log().begin(), ledger.log().end(), [&](const auto& entry) {
      return entry.change.after->revision <= start;
    });
    told.erase(told.begin(), told.begin() + before);
    return told;
  }

  ManualClock clock;
  Ledger ledger;
  registry::RegistryOptions options;
  std::uint64_t start = 0;
  std::unique_ptr<Process> process;
};

}  // namespace liveness::testing
