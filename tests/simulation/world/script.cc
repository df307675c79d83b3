#include "tests/simulation/world/script.h"

#include <chrono>
#include <cstdio>
#include <utility>

namespace liveness::simulation {

void Script::After(Duration in, const char* what, std::function<void()> event) {
  events_.push({now() + in, ++order_, what, std::move(event)});
}

Script::Event Script::TakeNext() {
  Event event = events_.top();
  events_.pop();
  return event;
}

void Script::RunOne(const char* what, const std::function<void()>& event) {
  ++step_;
  Note([&] { return std::string(what); });
  event();
  look_();
}

void Script::Woke() {
  Note([] { return std::string("the detector or the store wakes"); });
  ++step_;
  look_();
}

void Script::Note(const std::function<std::string()>& text) const {
  if (!log_) return;
  const double ms = static_cast<double>((now() - MonoTime(std::chrono::hours(1))).count()) / 1e6;
  std::printf("%4d %12.3f ms  %s\n", step_, ms, text().c_str());
}

}  // namespace liveness::simulation
