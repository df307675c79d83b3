// Changes that are decided and not yet committed.
//
// The session's record is what this server has decided; what is committed is
// kept here while the two differ. One change of a client is under way at a time,
// so that each says what it changes; the next wait behind it in order.
//
//   t=0   the stream closes   decided SUSPECT   committed ALIVE    under way: SUSPECT
//   t=1   a new stream        decided ALIVE     committed ALIVE    under way: SUSPECT, waiting: ALIVE
//   t=2   the store commits   decided ALIVE     committed SUSPECT  under way: ALIVE
//   t=3   the store commits   nothing is pending
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "server/core/record/record.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/session.h"

namespace liveness::registry {

struct Decision {
  std::shared_ptr<Session> session;
  core::RecordPtr after;
  core::WallTime time{};
  // Who waits for it, a hello or an operator; may be null. Called once, without the lock.
  CommitDone on_committed;
  bool welcomes = false;  // it is a hello that waits
};

struct PendingClient {
  core::RecordPtr committed;                   // null: the client is not known
  std::shared_ptr<Session> committed_session;  // whose record that is; null with it
  std::uint64_t proposal = 0;                  // under way for waiting.front()
  std::deque<Decision> waiting;                // never empty, unless abandoned
  // What was proposed has lost its sense by what another server wrote. The store will refuse it, and until it
  // has, what waits by now must go on waiting.
  bool abandoned = false;
  const std::string* client_id = nullptr;  // its key
};

// How a ban names a session: by its incarnation, or, before there is one, by its
// last attachment, which no other session of the client has. Settling names it
// anew, so that no store ever sees the latter.
inline std::uint64_t BanName(const core::ClientRecord& record) {
  constexpr std::uint64_t kNotYet = std::uint64_t{1} << 63;
  return record.incarnation != 0 ? record.incarnation : kNotYet | record.attachment;
}

// From this many on, a suspicion that waits and its refutation become one: what
// a store that stands still may cost is bounded.
inline constexpr std::size_t kCoalesceFrom = 8;
// And for a client with this many no session begins, and no operator's wish is taken.
inline constexpr std::size_t kMaxWaiting = 32;
// Ended records beyond their bound that one more ended record makes room for: more than one, lest they grow.
inline constexpr std::size_t kForgottenAtOnce = 4;
// While so many clients have a change under way, this server asks no more of the store by itself: what
// concerns a whole fleet (a restart, the end of its maintenance) goes on as the store commits.
inline constexpr std::size_t kPendingAtMost = 50'000;

}  // namespace liveness::registry
