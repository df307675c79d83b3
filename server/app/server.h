// The server's life: start, drain, end. What it is made of is in server_parts.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/app/config/config.h"
#include "server/app/config/running_config.h"

namespace liveness::app {

struct ServerParts;

// Not thread-safe: main's.
class Server {
 public:
  // Serves when it returns. FAILED_PRECONDITION, INVALID_ARGUMENT or UNAVAILABLE
  // with a message for the operator.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Config& config);
  ~Server();

  // HOST:PORT with the real port.
  const std::string& address() const;
  // HOST:PORT; empty: HTTP is not served.
  std::string http_address() const;

  // Takes what can change while it serves of the configuration `again`, which was parsed anew, and of the TLS
  // files; says in the log what was taken and what was not.
  void Reload(const ParsedConfig& again);
  // To be called four times a second or so: files that were changed or renewed are taken.
  void Look();

  // Asks the clients to move, waits for them, ends what is left and stops, all
  // within --drain-timeout or as soon as `hurry` says true. `hurry` is
  // asked again and again and may wait for the span that it is given.
  // Nobody is declared dead by it.
  void Drain(const std::function<bool(common::Duration)>& hurry);

 private:
  explicit Server(std::unique_ptr<ServerParts> parts);
  const std::unique_ptr<ServerParts> parts_;
  RunningConfig running_config_;
  common::Duration drain_timeout_;
  unsigned looks_ = 0;
};

}  // namespace liveness::app
