// Invariant 5: nothing is welcomed or told before it is committed, and what was
// survives the server.
//
// What is committed is read off the disk itself, not asked of the registry: every
// transition that is told and every record that is shown must be there, under
// its revision; so must an incarnation that is welcomed, and, of a session that
// goes on after a restart, a stream of this life.
//
// After a restart every client that was ever welcomed must be known under that
// incarnation or a later one, unless it was told to be forgotten. (That what is
// shown then equals what was told, field by field, is invariant 4's checker's.)
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/simulation/rules/checker.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::simulation {

class Durable final : public Checker {
 public:
  // `disk` outlives it; null for a server that has none, of which nothing is asked.
  explicit Durable(const testing::Ledger* disk) : disk_(disk) {}
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;
  void OnShown(const std::vector<core::RecordPtr>& records, MonoTime now) override;
  void OnWelcome(const Line& line, std::optional<std::uint64_t> token, bool resumed) override;
  void OnRestart() override;

 private:
  struct Client {
    std::uint64_t welcomed = 0;   // the last incarnation
    std::uint64_t forgotten = 0;  // the last that was told to be
    // What the disk holds of it: the last stream, and the incarnation that got one in this life of the
    // server.
    std::uint64_t attachment = 0;
    std::uint64_t held = 0;
  };
  void ReadDisk();
  void CheckCommitted(const core::ClientRecord& record, const char* what);
  // Right after a restart.
  void CheckKnown(const std::vector<core::RecordPtr>& records);

  const testing::Ledger* const disk_;
  std::size_t read_ = 0;
  std::set<std::pair<std::uint64_t, std::string>> committed_;  // (revision, client)
  std::map<std::string, Client, std::less<>> clients_;
  bool restarted_ = false;
};

}  // namespace liveness::simulation
