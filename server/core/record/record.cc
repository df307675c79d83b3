#include "server/core/record/record.h"

namespace liveness::core {
std::string_view Name(State state) {
  switch (state) {
    case State::kAlive: return "ALIVE";
    case State::kSuspect: return "SUSPECT";
    case State::kDead: return "DEAD";
    case State::kLeft: return "LEFT";
    case State::kForgotten: return "FORGOTTEN";
    case State::kUnspecified: break;
  }
  return "UNSPECIFIED";
}

std::string_view Name(Health health) {
  switch (health) {
    case Health::kOk: return "OK";
    case Health::kStalled: return "STALLED";
    case Health::kMaintenance: return "MAINTENANCE";
    case Health::kUnspecified: break;
  }
  return "UNSPECIFIED";
}

std::string_view Name(Cause cause) {
  switch (cause) {
    case Cause::kProcessExited: return "PROCESS_EXITED";
    case Cause::kStreamClosed: return "STREAM_CLOSED";
    case Cause::kProcessStopped: return "PROCESS_STOPPED";
    case Cause::kHostUnreachable: return "HOST_UNREACHABLE";
    case Cause::kApplicationStalled: return "APPLICATION_STALLED";
    case Cause::kSaidGoodbye: return "SAID_GOODBYE";
    case Cause::kEvicted: return "EVICTED";
    case Cause::kSuperseded: return "SUPERSEDED";
    case Cause::kServerLost: return "SERVER_LOST";
    case Cause::kNotReturned: return "NOT_RETURNED";
    case Cause::kUnknown: return "UNKNOWN";
    case Cause::kRevoked: return "REVOKED";
    case Cause::kUnspecified: break;
  }
  return "UNSPECIFIED";
}

}  // namespace liveness::core
