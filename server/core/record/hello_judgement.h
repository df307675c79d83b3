// Whether a hello is the word of a client's newest process, given what is known of it.
// Pure functions.
//
// A hello may come late: it lay in a network while the process tried again and was welcomed. Two things tell.
// `attempt` grows with each hello of an instance, so one below the last that was taken is late, and has no
// effect. From a process that does not count, a late hello is believed and voids the session; the process
// then comes back with the token of that session, and that return must not be held against the process:
//
//   the token was voided by                     who presents it
//   a hello without such a token (reclaims 0)   the lone process, voided by its own late hello;
//                                               or an older process of two that bear one instance_id
//   the return of that one (reclaims 1)         the younger of two: of a lone process nobody
//                                               ever received the token that is voided here
//   the return of the younger (reclaims 2)      the older of two, again: SUPERSEDED, for good
//
// So a token that was voided counts for as good as none until it is certain that there are two processes;
// then the younger one stays. It is certain at once where the session that replaced the token's was heard
// from after its welcome: a process that beats on that session has the token of that welcome, and would not
// present an older one.
#pragma once

#include <cstdint>
#include <optional>

#include "server/core/record/client_info.h"
#include "server/core/record/record.h"

namespace liveness::core {

enum class HelloVerdict : std::uint8_t { kTaken, kStale, kSuperseded, kEvicted };

struct HelloJudgement {
  HelloVerdict verdict = HelloVerdict::kTaken;
  // Of the ban of the session that this hello voids, should it void one.
  std::uint8_t reclaims = 0;
};

// `incarnation`: the session that an authentic token of the client names. `heard`: `known`
// is a live session, and its process has sent something after its welcome.
HelloJudgement JudgeHello(const ClientInfo& hello, std::optional<std::uint64_t> incarnation,
                          const ClientRecord& known, bool heard);

}  // namespace liveness::core
