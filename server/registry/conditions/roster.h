// Which servers of a shared store are there, who serves whom, and whose turn it is to act for a client that
// nobody serves.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <string>
#include <vector>

#include "server/core/record/record.h"
#include "server/registry/records/session.h"

namespace liveness::registry {

class Roster {
 public:
  // How long each server leaves to the one before it, in the order of their ids, what any of them may do.
  static constexpr auto kTurn = std::chrono::milliseconds(500);

  // `shared`: the store is one of several servers.
  Roster(std::string server_id, bool shared) : server_id_(std::move(server_id)), shared_(shared) {}

  // These servers are there now, this one among them or not. Until the first call all servers are taken to be
  // there.
  void Set(std::vector<std::string> server_ids);

  bool shared() const { return shared_; }
  // True if the client's server is there.
  bool IsServed(const Session& session) const;
  // True if this server is to act for the client before all others: it serves the client or was the last to,
  // or shares its store with nobody.
  bool IsOurs(const core::ClientRecord& record) const { return !shared_ || *record.server_id == server_id_; }
  // How long this server leaves to others what any of them may do for the client.
  core::Duration TakeoverDelay(const core::ClientRecord& record) const;

 private:
  const std::string server_id_;
  const bool shared_;
  std::vector<std::string> servers_;  // sorted; empty: not told yet
};

}  // namespace liveness::registry
