// What a client can do, apart from how: take this interface in your own code, and hand your code
// a MockClient (<liveness/mock_client.h>) in your tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <liveness/options.h>
#include <liveness/progress.h>
#include <liveness/result.h>
#include <liveness/state.h>

namespace liveness {

// Nanoseconds of CLOCK_BOOTTIME: runs on while the machine sleeps.
using BootInstant = std::chrono::nanoseconds;

// How a process ended, for Goodbye(). A non-zero exit code or a signal makes the
// goodbye a death (`PROCESS_EXITED`), not a leave.
struct ExitStatus {
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
};

// Thread-safe: every method may be called from any thread.
class ClientInterface {
 public:
  virtual ~ClientInterface() = default;

  virtual State state() const = 0;

  // Until when no server can have declared this client dead for silence: the
  // send time of the last answered ping + what the server vouches for in its
  // answer, never more than the timeout that was asked for. Zero when there is no live
  // stream, so at once when the stream ends. Eviction, supersession and
  // a cut from outside can come sooner, so guard side effects with incarnation() too.
  virtual BootInstant alive_until() const = 0;
  // alive_until() is still to come. Right at once in a process that was stopped
  // or suspended for long, before any callback has been called.
  virtual bool alive() const = 0;

  // Fencing token of the current session; 0 before the first welcome.
  virtual std::uint64_t incarnation() const = 0;
  // Unset before the first welcome.
  virtual std::optional<Welcome> welcome() const = 0;
  // Of the last answered ping; unset before the first.
  virtual std::optional<std::chrono::nanoseconds> rtt() const = 0;
  virtual Counters counters() const = 0;
  // Why the last stream or attempt ended; unset if none has.
  virtual std::optional<Error> last_error() const = 0;

  virtual const std::string& client_id() const = 0;
  virtual const std::string& instance_id() const = 0;

  // Replaces all labels, now and for every later connection. Fails with
  // BAD_LABELS if the labels break a bound, with STOPPED after the end.
  virtual std::optional<Error> UpdateLabels(Labels labels) = 0;

  // A token that proves the work of one part of the application, see
  // <liveness/progress.h>. `name` is unique among the tokens that this client
  // has; 1-128 bytes of UTF-8 without control characters, at most 32 tokens at a
  // time. The token counts as advanced just now. Fails with BAD_TOKEN if a bound is
  // broken; in a forked child with STOPPED.
  virtual Result<ProgressToken> Progress(const std::string& name, std::chrono::nanoseconds deadline) = 0;

  // Ends the session and the client. Waits for the server's answer, at most
  // ClientOptions::goodbye_timeout (not at all when called from `on_state`).
  // True if the server has confirmed the goodbye, which is committed then, and survives that server. Later
  // calls send nothing.
  virtual bool Goodbye(const std::string& reason = "", ExitStatus exit = {}) = 0;
};

}  // namespace liveness
