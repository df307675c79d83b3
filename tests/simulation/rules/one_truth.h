// Invariant 3: one truth per client, and an older one never overwrites it.
//
// (incarnation, attachment), compared in this order, may only grow: in what the
// registry tells, in what a query shows, and from one welcome to the next. An
// incarnation is the revision of the transition that began it.
//
// A restart forgets the numbers of streams that no transition told of (a quiet
// resume), and nothing else: what was told, ended or welcomed stays below all
// that follows.
//
// A welcome goes on with an incarnation only if the hello named it and it had
// not ended; else it begins one above all before. A hello of a stream that was
// opened beside another may name an earlier one: it joins what its like has begun.
//
// A stale event is one of a stream that does not speak for its client: a newer
// one took over (by its welcome, or, if it stood by, by the first word on it), its
// close was read, or its session is over. By the script's
// own account (truth.h), not the registry's. It must be told so (`kStale`), and
// leave every revision and the time of the last heartbeat as they were.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {

class OneTruth final : public Checker {
 public:
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;
  void OnShown(const std::vector<core::RecordPtr>& records, MonoTime now) override;
  void OnWelcome(const Line& line, std::optional<std::uint64_t> token, bool resumed) override;
  void OnStale(const StaleEvent& event) override;
  void OnRestart() override;

 private:
  using Fence = std::pair<std::uint64_t, std::uint64_t>;
  struct Client {
    Fence welcomed{};
    Fence told{};
    Fence shown{};
    std::uint64_t ended = 0;  // the last incarnation that was told to be over
  };
  void Grow(Fence& known, const core::ClientRecord& record, const char* where);

  std::map<std::string, Client, std::less<>> clients_;
};

}  // namespace liveness::simulation
