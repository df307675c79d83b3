// The parts of a world, as they know each other. All of them outlive whoever holds this.
#pragma once

namespace liveness::simulation {

class Observer;
class Population;
class Saboteur;
class Script;
class ServerLife;
class SimRpc;
class SimServer;
class Truth;
class Wire;

struct Parts {
  Script& script;
  Saboteur& saboteur;
  Truth& truth;
  SimServer& server;
  Observer& observer;
  SimRpc& rpc;
  Wire& wire;
  ServerLife& life;
  Population& population;
};

}  // namespace liveness::simulation
