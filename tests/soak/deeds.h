// What others do to the server of a soak, each again and again on a thread of its own.
#pragma once

#include <functional>
#include <span>
#include <string>

namespace liveness::soak {

struct Target {
  std::string address;
  // Of `fleet` (beats), `ops` (views), `evil` (beats and views).
  std::function<std::string(const std::string& name)> token;
};

struct Deed {
  const char* name;
  // Takes some tenths of a second. Whatever comes of it is right; the server may be away.
  void (*once)(const Target& target);
};

std::span<const Deed> AllDeeds();

}  // namespace liveness::soak
