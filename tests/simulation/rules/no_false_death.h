// Invariant 1: no client is suspected or dead because we did not run.
//
// A suspicion of silence rests on a span in which nothing came. It is just if
// we could have heard for the whole timeout in that span, and nothing was
// waiting in our own socket at its end. The span begins when the last message
// that we read reached us and ends now, or when the first one reached us that
// we have not read:
//
//   timeout 300 ms       last read       stall          first unread  judged
//   real time  ms            0         100 |.............. 900 ....| 1000
//   we could hear            |----------|                            = 110 at most
//
// 110 < 300: nobody may be suspected at 1000, whether the detector or the
// socket is looked at first. A stall is noticed one detector period late, and not
// at all if it is short (truth.h); what came within those waits in the socket, and
// the registry looks there before it judges. Only a hello that waits in another
// connection is beyond it: a client on the very edge is allowed for.
//
// A close is the client's own doing, and may be suspected at once, unless its
// process closed only because we had not answered for its timeout: then only
// silence counts.
//
// A death for silence needs the grace on the same measure. A death for another
// cause needs somebody who did it in that very step: an operator, another
// instance, the client itself.
//
// Who was not welcomed since the server started is an orphan, and another law
// holds: it may be suspected for that alone (SERVER_LOST), and it is dead only
// after max(timeout, restart_grace) of our time from when we could be reached
// again, and only if it has not come back: NOT_RETURNED, or the cause that was
// known before. Nobody else ever has one of these two causes.
//
// All this as it was when the server decided, not when the store let it tell.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {

class NoFalseDeath final : public Checker {
 public:
  explicit NoFalseDeath(const Truth& truth) : truth_(truth) {}
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;

 private:
  // What is wrong with it, by that moment; nothing if it is just.
  using Objection = std::optional<Complaint>;
  Objection ToSuspicion(const core::ClientRecord& after, const Moment& moment) const;
  Objection ToDeath(const core::ClientRecord& before, const core::ClientRecord& after,
                    const Moment& moment) const;
  Objection ToOrphansDeath(const core::ClientRecord& before, const core::ClientRecord& after,
                           const Moment& moment) const;
  // What the registry cannot see is allowed for.
  static Duration Slack(const Moment& moment);

  const Truth& truth_;
  std::map<std::string, MonoTime, std::less<>> suspect_since_;
};

}  // namespace liveness::simulation
