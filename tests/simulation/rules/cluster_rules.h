// What must hold of a cluster's common log, whoever wrote it (DESIGN section 5,
// invariants 1, 3, 5 and 6), and of each server's account of it.
//
//   one truth        (incarnation, attachment) of a client only grow; what has
//                    ended does not live again; a session begins ALIVE, under its
//                    revision; nobody who holds a client was told to stay away
//   one death        each incarnation ends once, and is lost with its server once
//   no false death   a client that beats on a server which reaches the store is
//                    not DEAD, unless somebody ended it; NOT_RETURNED only if its
//                    server was away for as long as it must
//   committed first  what a server tells is the log, all of it and in its order;
//                    what it welcomes is in it
//
// Keeps its first complaint. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "server/core/record/record.h"
#include "server/registry/registry.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::simulation {

class ClusterRules {
 public:
  // `amnesty`: what an orphan has at least. `fresh`: a beat that is younger excludes a death.
  ClusterRules(const testing::Ledger& ledger, common::Duration amnesty, common::Duration fresh)
      : ledger_(ledger), amnesty_(amnesty), fresh_(fresh) {}

  // --- What the script does -------------------------------------------------
  // Somebody asks for the end of a client, as it is now: an operator, or itself.
  void AsksForEnd(const std::string& client_id, common::WallTime now) { asked_[client_id] = now; }
  void SaysHello(const std::string& client_id) { ++hellos_[client_id]; }
  // A server loses its life or its lease.
  void Leaves(const std::string& server, common::MonoTime now) { left_[server].push_back(now); }
  // A stream that the log knows as the client's beats on a server that reaches the store.
  void Beats(const std::string& client_id, std::uint64_t incarnation, common::MonoTime now) {
    beats_[client_id] = {incarnation, now};
  }
  // An instance is told never to come back.
  void Stopped(const std::string& client_id, const std::string& instance_id) {
    stopped_.emplace(client_id, instance_id);
  }

  // --- What it checks -------------------------------------------------------
  // All that was written since the last call.
  void ReadLog(common::MonoTime now);
  // That what the server told is the log from `checked`, which moves on, up to `told`.
  void CheckStory(const registry::Registry& registry, std::size_t& checked, std::size_t told);
  void CheckWelcome(const std::string& server, const std::string& client_id, std::uint64_t incarnation);
  // At the end: who is live may be so.
  void CheckHolders();

  // All that was written, a line each.
  std::string LogText() const;

  void Complain(std::string what) {
    if (!complaint_) complaint_ = std::move(what);
  }
  void Count(const std::string& what) { ++counts_[what]; }
  const std::optional<std::string>& complaint() const { return complaint_; }
  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  struct Beat {
    std::uint64_t incarnation = 0;
    common::MonoTime at{};
  };
  void Judge(const testing::Ledger::Entry& entry, common::MonoTime now);
  void JudgeFence(const core::ClientRecord* before, const core::ClientRecord& after, common::WallTime time);
  void JudgeDeath(const core::ClientRecord& before, const core::ClientRecord& after, common::MonoTime now);
  // True if the server left at least `ago` before.
  bool HasLeft(const std::string& server, common::MonoTime now, common::Duration ago) const;

  const testing::Ledger& ledger_;
  const common::Duration amnesty_;
  const common::Duration fresh_;
  std::size_t read_ = 0;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> fences_;  // by client
  std::map<std::string, common::WallTime> decided_;  // likewise: when its last change was
  // Begun by a server that had given it up: its proposal came after the client was forgotten, on nothing once
  // more. Nobody holds it, and its server is right to say that it is lost.
  std::set<std::uint64_t> stray_;
  std::map<std::string, std::uint64_t> ended_;  // likewise: the last incarnation
  std::map<std::string, Beat> beats_;
  std::map<std::string, int> hellos_;
  std::map<std::string, common::WallTime> asked_;              // by client; one that began later is not meant
  std::map<std::string, std::vector<common::MonoTime>> left_;  // by server
  std::set<std::pair<std::string, std::string>> stopped_;      // (client, instance)
  std::set<std::pair<std::string, std::uint64_t>> served_;     // ("server client", incarnation)
  std::optional<std::string> complaint_;
  std::map<std::string, int> counts_;
};

}  // namespace liveness::simulation
