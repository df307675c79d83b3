#include "server/app/witness_log.h"

#include <string>

#include <spdlog/spdlog.h>

#include "common/duration_text.h"

namespace liveness::app {

void LogWitness(const registry::WitnessEvent& event, common::Duration max_doubt) {
  using Kind = registry::WitnessEvent::Kind;
  const std::string length = common::FormatForPeople(event.length);
  switch (event.kind) {
    case Kind::kStalled:
      spdlog::warn("this process did not run for {}: credited to all clients", length);
      return;
    case Kind::kSuspended:
      spdlog::warn("this machine slept for {}: clients get time to come through again", length);
      return;
    case Kind::kDoubtBegan:
      spdlog::warn("the canary is not heard: an I/O thread does not run; deadlines stand, for {} at most",
                   common::FormatForPeople(max_doubt));
      return;
    case Kind::kDoubtSpent:
      spdlog::error("the canary was not heard for {}: not ready, and deadlines count again", length);
      return;
    case Kind::kDoubtEnded:
      spdlog::info("the canary is heard again: {} were credited to all clients", length);
      return;
    case Kind::kStoreFails: spdlog::error("not ready, no session can begin: {}", event.text); return;
    case Kind::kStoreBack: spdlog::info("the store commits again, after {}", length); return;
    case Kind::kUnseen:
      spdlog::error(
          "the lease has run out: other servers take this one for gone; its clients are to go there");
      return;
    case Kind::kSeen: spdlog::info("other servers see this one again, after {}", length); return;
  }
}

}  // namespace liveness::app
