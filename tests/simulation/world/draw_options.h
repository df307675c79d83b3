// How the server of a world is set up, drawn.
#pragma once

#include "tests/simulation/random.h"
#include "tests/simulation/world/sim_server.h"

namespace liveness::simulation {

SimServer::Options DrawOptions(Random& random);

}  // namespace liveness::simulation
