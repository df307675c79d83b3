// What a client does when a server has ended its stream or refused its hello: the one
// table that the library, docs/errors.md and docs/client.md go by. A test holds them
// together. Pure, thread-safe.
//
// Only a row of this table can end a client, and only by the status and the reason
// together. A status without our ErrorInfo is somebody else's word, a proxy's or that of
// a program that has the server's port for a moment; a reason that is not here is a
// newer server's. Neither ends anything.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <liveness/client_interface.h>

#include "absl/status/status.h"
#include "client/src/stream_end.h"
#include "common/clock.h"

namespace liveness::internal {

enum class ComeBack : std::uint8_t {
  kWithToken,
  kWithoutToken,      // what began with that token is not this client's
  kNever,             // this instance is over on every server
  kNeverHere,         // no server will take such a hello, but one that serves the session goes on
  kNeverUnlessKnown,  // over if it was never welcomed; else with the token, for it may pass
};

enum class Soon : std::uint8_t {
  kBackedOff,  // within 100 ms after a welcome, then never more than 2 s apart
  kAsTold,     // the same, but not before the RetryInfo says
  kAtOnce,     // the same server, now; what was wrong is left out
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
// Of any other end.
inline constexpr StreamVerdict kAnyOtherEnd{absl::StatusCode::kUnknown, "", ComeBack::kWithToken,
                                            Soon::kBackedOff};

const StreamVerdict& VerdictOn(const StreamEnd& end);

// How long to stay away, as the server says, within a bound: a session may hang on it.
common::Duration RetryDelay(const StreamEnd& end);
// What the application is told of it.
Error Explain(const StreamEnd& end);

}  // namespace liveness::internal
