// Why a client is suspected or dead: evidence in, cause and confidence out. Pure.
//
// The rules are one table, read from the top; the first that holds decides. The
// same table stands in docs/verdicts.md, and a test holds the two together.
//
// An example. A process is stopped (SIGSTOP), interval 1 s, timeout 3 s. At 2 s of
// silence the server sends its ping; the client's kernel acknowledges it at once,
// the process does not answer. At 3 s: silence 3 s, last acknowledgement 1 s ago,
// nothing unacknowledged. The kernel answers and the process does not:
// PROCESS_STOPPED, high. Had the cable been cut, the ping would stand there
// unacknowledged and sent again: HOST_UNREACHABLE, high.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/core/detection/evidence.h"
#include "server/core/record/record.h"

namespace liveness::core {

// What the rules look at, drawn from the evidence.
struct Symptoms {
  enum class Kernel : std::uint8_t {
    kUnknown,  // behind a proxy, or it cannot be asked
    kAnswers,  // it acknowledged since the process was last heard
    kSilent,   // it acknowledges nothing that was sent
    kUnclear,  // nothing was sent that it should have acknowledged by now
    kGone,     // it does not know the connection any more
  };
  StreamEnd end = StreamEnd::kNone;
  Kernel kernel = Kernel::kUnknown;
  bool proxied = false;
  bool maybe_proxied = false;  // the client did not say its own end of the connection
  bool cut_by_us = false;      // our end closed the connection first: one of our keepalives
  bool heard_lately = false;   // bytes or an acknowledgement within the shortest keepalive in force
  bool host_heard = false;     // other clients of its host are heard
  bool host_silent = false;    // others are silent too, and none is heard
};

// `keepalive` may be null: then nothing of ours can have cut the connection.
Symptoms SymptomsOf(const Evidence& evidence, const Keepalive* keepalive);

struct Verdict {
  Cause cause = Cause::kUnknown;
  Confidence confidence = Confidence::kLow;
};

struct VerdictRule {
  std::string_view when;  // for people
  bool (*holds)(const Symptoms&);
  Verdict verdict;
  // The confidence if a proxy may stand between, because what its kernel shows is then taken for the
  // client's.
  Confidence maybe_proxied;
};
// The last one always holds.
std::span<const VerdictRule> VerdictRules();

Verdict Judge(const Symptoms& symptoms);

// One sentence for people, e.g. "its kernel still acknowledges, the process
// answers nothing: stopped or starved since 12:03:07".
std::string Summary(Cause cause, const Evidence& evidence);

}  // namespace liveness::core
