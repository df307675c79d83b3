// Between the processes and the server: what is under way, and what waits while nobody reads it.
//
// Events that reach a server that stands wait in its sockets. When it runs again all of it is handled before
// anything else, in any order that keeps each stream's own: pings before closes of others or after, the
// detector first, last or in between. Likewise what comes on a stream between its hello and the answer. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "tests/simulation/world/message.h"
#include "tests/simulation/world/parts.h"

namespace liveness::simulation {

class Wire {
 public:
  explicit Wire(const Parts& parts) : parts_(parts) {}

  // `message` reaches the server's socket at `when`.
  void Deliver(MonoTime when, std::shared_ptr<Process> from, std::shared_ptr<Line> line, Message message);
  // The server is killed: its connections are gone with all that waits in them.
  void Lose();
  // All that waits; the detector's catching up comes after that many, if it has to.
  void ReadBacklog(std::optional<std::size_t> before_detector);
  std::size_t waiting() const { return backlog_.size(); }
  // The hello of `line` was answered.
  void ReadHeld(Line& line);

 private:
  void Arrive(Arrival arrival);
  void Read(const Arrival& arrival);

  const Parts& parts_;
  std::vector<Arrival> backlog_;
  std::vector<Arrival> held_;  // what came on streams between their hello and the answer, in order
};

}  // namespace liveness::simulation
