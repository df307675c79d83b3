#include <liveness/state.h>

namespace liveness {

const char* ToString(State state) {
  switch (state) {
    case State::kConnecting: return "CONNECTING";
    case State::kLive: return "LIVE";
    case State::kLost: return "LOST";
    case State::kStopped: return "STOPPED";
  }
  return "UNKNOWN";
}

}  // namespace liveness
