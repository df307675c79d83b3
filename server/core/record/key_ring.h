// The keys of resume tokens: which one signs, and which are accepted. Immutable; thread-safe.
//
//             from                 from of the next       until
//   .. accepted | accepted, signs ........ | accepted ...... | is no key any more
//
// A key is accepted before it signs: the servers of a cluster come to know it one after the other, and their
// clocks differ. Time is the wall clock's, for the dates that an operator wrote; one that steps back has the
// key before sign again, which is accepted too.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/clock.h"
#include "server/core/record/seal.h"

namespace liveness::core {

struct RingKey {
  std::uint64_t id = 0;  // names it, and is not secret
  MacFunction mac;
  common::WallTime from = common::WallTime::min();  // signs from then on; min: since ever
  std::optional<common::WallTime> until;            // is accepted until then; none: for good
};

class KeyRing {
 public:
  // In any order. REQUIRES: there is one, and no two have one id.
  explicit KeyRing(std::vector<RingKey> keys);

  // Never nobody: the newest whose `from` has come. If none has, or what has come ran out, the first of those
  // that are still accepted; if none is, the newest.
  const RingKey& Signing(common::WallTime now) const;
  // The accepted key of that name; null: there is none, or it has run out.
  const RingKey* Find(std::uint64_t id, common::WallTime now) const;

 private:
  std::vector<RingKey> keys_;  // by `from`
};

}  // namespace liveness::core
