// What proves that a hello continues an earlier session. Immutable; thread-safe.
//
// A token names the session (incarnation), whose it is (digests of client_id
// and instance_id) and the key it is signed with. It holds no state of a server:
// every server of a cluster accepts it, also after a restart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/clock.h"
#include "server/core/record/key_ring.h"

namespace liveness::core {

// What an authentic token of this client says.
struct ResumeClaim {
  std::uint64_t incarnation = 0;
  bool instance_matches = false;  // the same process start
};

enum class ResumeVerdict : std::uint8_t {
  kValid,
  // Another store's, from before this store was made anew, or of a key that has run out: as good as none.
  kForeignKey,
  kForged,       // edited or never a token
  kOtherClient,  // authentic, but of another client_id
};

struct ResumeOutcome {
  ResumeVerdict verdict = ResumeVerdict::kForged;
  ResumeClaim claim;  // only for kValid
};

class ResumeTokens {
 public:
  explicit ResumeTokens(KeyRing keys) : keys_(std::move(keys)) {}

  // 86 characters, whatever the ids.
  std::string Issue(std::string_view client_id, std::string_view instance_id, std::uint64_t incarnation,
                    common::WallTime now) const;

  ResumeOutcome Verify(std::string_view token, std::string_view client_id, std::string_view instance_id,
                       common::WallTime now) const;

 private:
  const KeyRing keys_;
};

}  // namespace liveness::core
