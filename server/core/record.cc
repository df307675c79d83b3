#include "server/core/record.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace liveness::core {
namespace {

std::string Seconds(Duration span) {
  return absl::StrFormat("%.1f s", std::chrono::duration<double>(span).count());
}

std::string Quoted(const char* prefix, const std::string& reason) {
  return reason.empty() ? std::string() : absl::StrCat(prefix, "\"", reason, "\"");
}

std::string ExitSummary(const Evidence& evidence) {
  const std::string words = Quoted(": ", evidence.reason);
  if (evidence.signal) return absl::StrCat("it reported its end by signal ", *evidence.signal, words);
  if (evidence.exit_code) return absl::StrCat("it reported exit code ", *evidence.exit_code, words);
  // The evidence may be gathered long after the close: the silence up to it counts. What was credited
  // passed all the same, before the close or after it.
  const Duration unheard = evidence.silence + evidence.credited;
  const Duration heard_before = std::max(Duration::zero(), unheard - evidence.stream_ended_ago);
  return absl::StrCat("its connection closed without goodbye, ", Seconds(heard_before),
                      " after it was last heard");
}

}  // namespace

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
    case Cause::kUnspecified: break;
  }
  return "UNSPECIFIED";
}

std::string Summary(Cause cause, const Evidence& evidence) {
  switch (cause) {
    case Cause::kProcessExited: return ExitSummary(evidence);
    case Cause::kStreamClosed:
      return evidence.stream_end == StreamEnd::kCallDeadline
                 ? "its call ran into the deadline that it had set itself"
                 : "it closed its stream without goodbye";
    case Cause::kSaidGoodbye: return absl::StrCat("it said goodbye", Quoted(": ", evidence.reason));
    case Cause::kEvicted: return absl::StrCat("an operator evicted it", Quoted(": ", evidence.reason));
    case Cause::kSuperseded: return "a newer session took over its id";
    case Cause::kUnknown: return absl::StrCat("nothing was heard for ", Seconds(evidence.silence));
    default: return std::string();
  }
}

}  // namespace liveness::core
