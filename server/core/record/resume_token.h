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

#include "server/core/record/seal.h"

namespace liveness::core {

// What an authentic token of this client says.
struct ResumeClaim {
  std::uint64_t incarnation = 0;
  bool instance_matches = false;  // the same process start
};

enum class ResumeVerdict : std::uint8_t {
  kValid,
  kForeignKey,   // another store's, or from before this store was made anew: as good as none
  kForged,       // edited or never a token
  kOtherClient,  // authentic, but of another client_id
};

struct ResumeOutcome {
  ResumeVerdict verdict = ResumeVerdict::kForged;
  ResumeClaim claim;  // only for kValid
};

class ResumeTokens {
 public:
  // `key_id` names the key behind `mac` and is not secret.
  ResumeTokens(std::uint64_t key_id, MacFunction mac) : key_id_(key_id), mac_(std::move(mac)) {}

  // 86 characters, whatever the ids.
  std::string Issue(std::string_view client_id, std::string_view instance_id,
                    std::uint64_t incarnation) const;

  ResumeOutcome Verify(std::string_view token, std::string_view client_id,
                       std::string_view instance_id) const;

 private:
  const std::uint64_t key_id_;
  const MacFunction mac_;
};

}  // namespace liveness::core
