// One run of the simulation: a server, some processes, some watchers and what befalls them, all drawn from
// one seed, in virtual time.
//
// Each event is a step (script.h). After each step what the registry told is collected, all its records are
// read, the watchers that are awake pull, and every checker looks (observer.h). The first complaint ends the
// run. At the end everybody falls silent. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/simulation/rules/checker.h"
#include "tests/simulation/rules/report.h"
#include "tests/simulation/rules/truth.h"
#include "tests/simulation/world/observer.h"
#include "tests/simulation/world/parts.h"
#include "tests/simulation/world/population.h"
#include "tests/simulation/world/saboteur.h"
#include "tests/simulation/world/script.h"
#include "tests/simulation/world/server_life.h"
#include "tests/simulation/world/sim_rpc.h"
#include "tests/simulation/world/sim_server.h"
#include "tests/simulation/world/wire.h"

namespace liveness::simulation {

class World {
 public:
  struct Options {
    std::uint64_t seed = 0;
    int steps = 200;
    std::string_view tape = {};    // chooses the steps, as far as it goes; outlives the world
    bool log = false;              // each step on stdout
    Saboteur* saboteur = nullptr;  // outlives the world
    Checker* observer = nullptr;   // sees what the checkers see; likewise
  };
  explicit World(const Options& options);

  // Nothing if every invariant held.
  std::optional<Report> Run();

 private:
  // As the saboteur has it; the truth knows how it was drawn.
  SimServer::Options SetUp();
  void PlanFault();
  void Finish();

  const int steps_;
  Saboteur honest_;
  Saboteur& saboteur_;
  Script script_;
  Truth truth_;
  SimServer server_;
  const Parts parts_;
  Observer observer_;
  SimRpc rpc_;
  Wire wire_;
  ServerLife life_;
  Population population_;
  Duration fault_pause_{};  // the longest between two faults
};

}  // namespace liveness::simulation
