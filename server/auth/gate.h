// What a caller may do. Every call is asked about here before anything is done for it, also those that come
// over HTTP.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/auth/action.h"
#include "server/auth/caller.h"

namespace liveness::auth {

// What a caller shows of who it is.
struct Shown {
  std::string_view authorization = {};  // as the header field has it, `Bearer TOKEN`; empty: none
  std::string_view certificate = {};  // PEM, the leaf first, of which it proved to have the key; empty: none
};

// Somebody who was sent away: by the gate, or by who let him in no further for who he is.
struct Refusal {
  std::string principal = {};  // empty: proved nothing
  std::string address = {};    // as Caller::address
  Action action = Action::kNone;
  std::string target = {};  // a client's id, if it was about one
  absl::Status why;
};

// Thread-safe; takes microseconds.
class Gate {
 public:
  virtual ~Gate() = default;

  // Who it is. UNAUTHENTICATED, and why: what it shows does not hold. One that shows nothing is anonymous.
  // `address`: where it calls from, without a port.
  virtual absl::StatusOr<CallerPtr> Identify(const Shown& shown, std::string address) const = 0;

  // OK, or PERMISSION_DENIED NOT_ALLOWED, of an anonymous caller UNAUTHENTICATED. kBeat and kView stand for
  // any id and any client at all; which ones, MayBeat() and Caller::Sees() tell.
  virtual absl::Status May(const Caller& caller, Action action) const = 0;
  virtual absl::Status MayBeat(const Caller& caller, std::string_view client_id) const = 0;

  // Takes note of a refusal, once for each call or stream. Returns what to tell: `why`, or where wrong tokens
  // come too fast RESOURCE_EXHAUSTED TOO_MANY_BAD_TOKENS, with the time until the next is looked at.
  virtual absl::Status Refuse(Refusal refusal) const { return std::move(refusal.why); }

  // Grows with each change of what is answered here. Whoever let a caller in for longer than a moment asks
  // again once it has grown.
  virtual std::uint64_t generation() const = 0;
};

// Who calls, if that one may do what it `needs`; else why not. `identified`: as Gate::Identify() has it. What
// everybody may ask for (Action::kNone) is answered to whoever proves nothing, as to an anonymous caller.
absl::StatusOr<CallerPtr> Admit(const Gate& gate, absl::StatusOr<CallerPtr> identified, Action needs);

// The same of a call that has just come from `address`: a refusal is taken note of.
absl::StatusOr<CallerPtr> LetIn(const Gate& gate, absl::StatusOr<CallerPtr> identified, std::string address,
                                Action needs);

}  // namespace liveness::auth
