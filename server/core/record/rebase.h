// What this server has decided of a client, put on top of what another server of a shared store wrote
// meanwhile.
//
// A decision holds if it is about a client that is still where this server thought it was, and does not rest
// on a belief that the other server's writing may just have refuted. Pure functions.
//
//   committed          ALIVE at server b
//   a decides          SUSPECT, because b seems to be gone: a belief
//   b writes           other labels: it is there. The belief no longer holds, and is looked at anew
//   a decides          maintenance until noon
//   b writes           other labels: the maintenance holds, and is put on the record with the new labels
#pragma once

#include <string_view>

#include "server/core/record/record.h"

namespace liveness::core {

// True if `decided`, on `before` (null: the client was not known), rests on nothing but that its server seems
// to be gone. `our_server`: this server's id.
bool IsBelief(const ClientRecord* before, const ClientRecord& decided, std::string_view our_server);

// True if the first of the decisions that wait, made on `before`, may still be carried out now that another
// server has made `theirs` of that record.
bool StillHolds(const ClientRecord& decided, const ClientRecord& before, const ClientRecord& theirs,
                std::string_view our_server);

// What `decided`, made at `time` on `before`, comes to if it is put on `base` instead. `base` is `theirs`, or
// what an earlier decision has come to be on top of `theirs`.
// REQUIRES: the first of the decisions that wait still holds.
ClientRecord Rebase(const ClientRecord& decided, WallTime time, const ClientRecord& before,
                    const ClientRecord& base, const ClientRecord& theirs, std::string_view our_server);

}  // namespace liveness::core
