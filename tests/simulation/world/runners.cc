#include "tests/simulation/world/runners.h"

#include <algorithm>
#include <iterator>

namespace liveness::simulation {

void Runners::Asked(MonoTime now) {
  if (next_ == MonoTime::max()) next_ = now + patience_;
}

std::shared_ptr<Line> Runners::Add(std::shared_ptr<Line> line, MonoTime now) {
  next_ = now + step_;
  all_.push_back(std::move(line));
  if (all_.size() <= kMost) return nullptr;
  std::shared_ptr<Line> oldest = std::move(all_.front());
  all_.erase(all_.begin());
  return oldest;
}

Runners::Lines Runners::TakeUpTo(const Line& line) {
  const auto at =
      std::find_if(all_.begin(), all_.end(), [&](const auto& each) { return each.get() == &line; });
  if (at == all_.end()) return {};
  const auto end = std::next(at);
  Lines taken(std::make_move_iterator(all_.begin()), std::make_move_iterator(end));
  all_.erase(all_.begin(), end);
  return taken;
}

bool Runners::Drop(const Line& line) {
  return std::erase_if(all_, [&](const auto& each) { return each.get() == &line; }) != 0;
}

}  // namespace liveness::simulation
