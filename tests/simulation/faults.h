// What may befall a world: one draw of one fault.
#pragma once

namespace liveness::simulation {

class World;

// Draws a fault, and a victim where it needs one.
void Strike(World& world);

}  // namespace liveness::simulation
