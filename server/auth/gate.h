// What a caller may do. Every call is asked about here before anything is done for it, also those that come
// over HTTP.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

  // Grows with each change of what is answered here. Whoever let a caller in for longer than a moment asks
  // again once it has grown.
  virtual std::uint64_t generation() const = 0;
};

// Who calls, if that one may do what it `needs`; else why not. `identified`: as Gate::Identify() has it. What
// everybody may ask for (Action::kNone) is answered to whoever proves nothing, as to an anonymous caller.
absl::StatusOr<CallerPtr> Admit(const Gate& gate, absl::StatusOr<CallerPtr> identified, Action needs);

}  // namespace liveness::auth
