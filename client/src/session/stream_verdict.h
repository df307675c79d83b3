// What a client does when a server has ended its stream or refused its hello: the one
// table that the library, docs/errors.md and docs/client.md go by. A test holds them
// together. Pure, thread-safe.
//
// Only a row of this table can end a client, and only by the status and the reason
// together. A status without our ErrorInfo is the word of a proxy, or of
// a program that has the server's port for a moment; a reason that is not in the table is a
// newer server's. Neither ends a client.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <liveness/client_interface.h>

#include "absl/status/status.h"
#include "client/src/session/stream_end.h"
#include "common/clock.h"

namespace liveness::internal {

enum class ComeBack : std::uint8_t {
  kWithToken,
  kWithoutToken,      // the session that began with that token is not this client's
  kNever,             // this instance is over on every server
  kNeverHere,         // no server will take such a hello, but a server that has the session serves it on
  kNeverUnlessKnown,  // over if no server has welcomed the client yet; else with the token, because the cause
                      // may pass
};

enum class Soon : std::uint8_t {
  kBackedOff,  // within 100 ms after a welcome, then never more than 2 s apart
  kAsTold,     // as kBackedOff, but not before the RetryInfo says
  kAtOnce,     // the same server, now; the hello leaves out what was wrong
  kNever,
};

struct StreamVerdict {
  absl::StatusCode code;
  std::string_view reason;
  ComeBack come_back;
  Soon soon;
};

// All that a server of ours says of a Heartbeat stream.
std::span<const StreamVerdict> StreamVerdicts();
// For any end that is not in the table.
inline constexpr StreamVerdict kAnyOtherEnd{absl::StatusCode::kUnknown, "", ComeBack::kWithToken,
                                            Soon::kBackedOff};

const StreamVerdict& VerdictOn(const StreamEnd& end);

// How long to stay away, as the server says, within a bound, because a session may hang on coming back.
common::Duration RetryDelay(const StreamEnd& end);
// What the application is told of an attempt that ended so.
Error Explain(const StreamEnd& end);

}  // namespace liveness::internal
