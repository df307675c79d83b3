// One run of the simulation: a server, some processes, some watchers and what
// befalls them, all drawn from one seed, in virtual time.
//
// Each event is a step. After each step what the registry told is collected,
// all its records are read, the watchers that are awake pull, and every checker
// looks. The first complaint ends the run. Not thread-safe.
//
// A server that is killed loses its connections and what waited in them, and
// what its store had not committed. While it is down, who connects is refused.
// Its next life finds what was committed, and the processes come back to it with
// their tokens, the watchers with their revisions.
//
// Events that reach a server that stands wait in its sockets. When it runs again
// all of it is handled before anything else, in any order that keeps each
// stream's own: pings before closes of others or after, the detector first, last
// or in between.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "tests/simulation/checker.h"
#include "tests/simulation/process.h"
#include "tests/simulation/random.h"
#include "tests/simulation/saboteur.h"
#include "tests/simulation/sim_server.h"
#include "tests/simulation/sim_watcher.h"
#include "tests/simulation/truth.h"

namespace liveness::simulation {

// A complaint and where it was.
struct Report {
  std::uint64_t seed = 0;
  int step = 0;
  std::string invariant;
  Complaint complaint;
  std::vector<std::string> also;  // the other invariants that were broken in this step
  std::string ToString() const;
};

class World {
 public:
  struct Options {
    std::uint64_t seed = 0;
    int steps = 200;
    bool log = false;              // each step on stdout
    Saboteur* saboteur = nullptr;  // outlives the world
    Checker* observer = nullptr;   // sees what the checkers see; likewise
  };
  explicit World(const Options& options);
  ~World();

  // Nothing if every invariant held.
  std::optional<Report> Run();

  // --- For processes, faults and watchers ------------------------------------
  MonoTime now() const { return server_.now(); }
  Random& random() { return random_; }
  Random& paths() { return paths_; }
  Truth& truth() { return truth_; }
  SimServer& server() { return server_; }
  Saboteur& saboteur() { return saboteur_; }
  std::vector<std::shared_ptr<Process>>& processes() { return processes_; }
  std::vector<std::unique_ptr<SimWatcher>>& watchers() { return watchers_; }

  void After(Duration in, const char* what, std::function<void()> event);
  // `message` reaches the server's socket at `when`.
  void Deliver(MonoTime when, std::shared_ptr<Process> from, std::shared_ptr<Line> line, Message message);
  // A new process of `client_id`; it connects at once.
  void Start(const std::string& client_id);
  // The server stands for `span`.
  void Stall(Duration span);
  // Its detector runs and nothing is read for `span`.
  void Freeze(Duration span);
  // It is killed, and started again after `down`.
  void Kill(Duration down);
  void Evict(const std::string& client_id);
  // A line of the log. `text` is called only if there is one.
  void Note(const std::function<std::string()>& text) const;

 private:
  struct Event {
    MonoTime at;
    std::uint64_t order;
    const char* what;
    std::function<void()> run;
    bool operator<(const Event& other) const {  // the queue's top is its greatest
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  // What waits in a socket of ours, or has just come.
  struct Arrival {
    MonoTime at;
    std::shared_ptr<Process> from;
    std::shared_ptr<Line> line;
    Message message;
  };

  // To every checker.
  template <typename What>
  void Tell(What what) {
    for (auto& [name, checker] : checkers_) what(*checker);
    if (options_.observer != nullptr) what(*options_.observer);
  }
  void RunOne(const char* what, const std::function<void()>& event);
  void Arrive(Arrival arrival);
  void Read(const Arrival& arrival);
  void Hello(const Arrival& arrival);
  // The registry's answer to a hello: at once, or once the store has committed.
  void Answer(const Arrival& arrival, const absl::StatusOr<registry::Attached>& attached);
  void Welcome(const Arrival& arrival, const registry::Attached& attached);
  void ReadHeld(Line& line);
  // What the pong to that ping says.
  Duration Vouch(const Arrival& arrival);
  void StartServer();
  void Serve();
  // What the registry made of it, if it was a heartbeat.
  std::optional<registry::TouchResult> Handle(const Arrival& arrival);
  void Resume();  // after a stall
  void Thaw();    // after a freeze
  // All that waits; the detector's catching up comes after that many, if it has to.
  void ReadBacklog(std::optional<std::size_t> before_detector);
  void Observe();
  void ObserveServer();
  void Finish();
  void Check();
  void PlanFault();
  void PlanCanary();
  SimServer::Options DrawOptions();

  const Options options_;
  Saboteur honest_;
  Saboteur& saboteur_;
  Random random_;
  Random paths_;  // what is lost, and how silence is judged
  Truth truth_;
  SimServer server_;
  std::vector<std::pair<const char*, std::unique_ptr<Checker>>> checkers_;
  std::vector<std::shared_ptr<Process>> processes_;
  std::vector<std::unique_ptr<SimWatcher>> watchers_;
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
  std::vector<Arrival> backlog_;
  std::vector<Arrival> held_;  // what came on streams between their hello and the answer, in order
  bool over_ = false;
  int step_ = 0;
  int instances_ = 0;
  Duration fault_pause_{};   // the longest between two faults
  std::uint64_t collected_;  // the revision up to which the story is known
  std::optional<Report> report_;
};

}  // namespace liveness::simulation
