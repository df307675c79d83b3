// The processes of a world, those of the past too. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/world/parts.h"
#include "tests/simulation/world/process.h"

namespace liveness::simulation {

class Population {
 public:
  explicit Population(const Parts& parts) : parts_(parts) {}

  // A new process of `client_id`; it connects at once.
  void Start(const std::string& client_id);
  const std::vector<std::shared_ptr<Process>>& all() const { return all_; }
  // One that runs, if any does.
  Process& Any();
  std::string AnyClient();

 private:
  const Parts& parts_;
  std::vector<std::shared_ptr<Process>> all_;
};

}  // namespace liveness::simulation
