// When what happens in a run: its virtual time, the events that are to come, the chances that all of it is
// drawn from, and its log. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <string_view>

#include "tests/simulation/random.h"
#include "tests/support/manual_clock.h"

namespace liveness::simulation {

class Script {
 public:
  struct Event {
    MonoTime at;
    std::uint64_t order;
    const char* what;
    std::function<void()> run;
    bool operator<(const Event& other) const {  // the queue's top is its greatest
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  // `log`: each step is printed on stdout. `tape` chooses what random() draws, as far as it goes; it outlives
  // this.
  Script(std::uint64_t seed, bool log, std::string_view tape = {})
      : log_(log), random_(seed, tape), paths_(~seed), races_(seed ^ kRaces) {}
  // `look` is called at the end of each step. Set it before the first one.
  void AfterEachStep(std::function<void()> look) { look_ = std::move(look); }

  testing::ManualClock& clock() { return clock_; }
  MonoTime now() const { return clock_.Mono(); }
  Random& random() { return random_; }
  // What is lost on the way, and how silence is judged.
  Random& paths() { return paths_; }
  // Who opens streams beside another.
  Random& races() { return races_; }
  int step() const { return step_; }

  void After(Duration in, const char* what, std::function<void()> event);
  bool empty() const { return events_.empty(); }
  // The first of the events that are to come. It is the caller's to let time pass, and to run it. REQUIRES:
  // there is one.
  Event TakeNext();

  // A step.
  void RunOne(const char* what, const std::function<void()>& event);
  // The detector or the store did something of its own accord: likewise.
  void Woke();
  // A line of the log. `text` is called only if there is one.
  void Note(const std::function<std::string()>& text) const;
  bool logs() const { return log_; }

 private:
  static constexpr std::uint64_t kRaces = 0x5eed0f7ace5;

  const bool log_;
  std::function<void()> look_;
  testing::ManualClock clock_;
  Random random_;
  Random paths_;
  Random races_;
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
  int step_ = 0;
};

}  // namespace liveness::simulation
