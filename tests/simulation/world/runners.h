// The streams that a process opens beside the one on which it waits for an answer, as client/src/race.h does:
// the first when the answer is overdue by its patience, others a step apart, three at most. Which wins is the
// first whose welcome comes. Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "tests/simulation/random.h"
#include "tests/simulation/rules/line.h"

namespace liveness::simulation {

class Runners {
 public:
  using Lines = std::vector<std::shared_ptr<Line>>;

  Runners(Duration patience, Duration step) : patience_(patience), step_(step) {}

  // Something was asked for that is not answered yet; something was.
  void Asked(MonoTime now);
  void Answered() { next_ = MonoTime::max(); }
  // When the next one is to be opened; MonoTime::max(): all is well.
  MonoTime next() const { return next_; }
  // One was. Returns the one that is dropped for it, or null.
  std::shared_ptr<Line> Add(std::shared_ptr<Line> line, MonoTime now);

  const Lines& all() const { return all_; }
  Lines TakeAll() { return std::exchange(all_, {}); }
  // It, after those that were opened before it; none if it is none of them. They are no longer.
  Lines TakeUpTo(const Line& line);
  // True if it was one.
  bool Drop(const Line& line);

 private:
  static constexpr std::size_t kMost = 3;

  const Duration patience_;
  const Duration step_;
  MonoTime next_ = MonoTime::max();
  Lines all_;  // in the order in which they were opened
};

}  // namespace liveness::simulation
