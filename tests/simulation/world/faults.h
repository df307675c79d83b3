// What may befall a world: one draw of one fault.
#pragma once

#include "tests/simulation/world/parts.h"

namespace liveness::simulation {

// Draws a fault, and a victim where it needs one.
void Strike(const Parts& parts);

}  // namespace liveness::simulation
