// What server/rpc does with what it reads: hellos, pings and the rest go to the registry, welcomes and pongs
// go back. And what an operator asks of it. Not thread-safe.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/registry/records/types.h"
#include "tests/simulation/world/message.h"
#include "tests/simulation/world/parts.h"

namespace liveness::simulation {

class SimRpc {
 public:
  explicit SimRpc(const Parts& parts) : parts_(parts) {}

  void Read(const Arrival& arrival);
  // No-op while nothing is read.
  void Evict(const std::string& client_id);

 private:
  void Hello(const Arrival& arrival);
  // The registry's answer to a hello: at once, or once the store has committed.
  void Answer(const Arrival& arrival, const absl::StatusOr<registry::Attached>& attached);
  void Welcome(const Arrival& arrival, const registry::Attached& attached);
  // On a stream that speaks for its client, on one that stands by, and on another one.
  std::optional<registry::TouchResult> ReadCurrent(const Arrival& arrival);
  void ReadStandby(const Arrival& arrival);
  void ReadStale(const Arrival& arrival);
  // What the registry made of it, if it was a heartbeat.
  std::optional<registry::TouchResult> Handle(const Arrival& arrival);
  void Pong(const Arrival& arrival);
  // What the pong to that ping says.
  Duration Vouch(const Arrival& arrival);

  const Parts& parts_;
};

}  // namespace liveness::simulation
