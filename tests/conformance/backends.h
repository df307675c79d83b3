// The stores that must all behave alike. A new one is a line in backends.cc.
#pragma once

#include <memory>
#include <ostream>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/storage/store.h"

namespace liveness::conformance {

// Where a store keeps its things.
class Home {
 public:
  virtual ~Home() = default;
  // A store on what the last one left; the first is empty. One at a time.
  virtual absl::StatusOr<std::unique_ptr<storage::Store>> Open(const common::Clock& clock) = 0;
};

struct Backend {
  const char* name;  // letters only
  const char* kind;  // what it says of itself
  bool shared;       // by several servers
  bool durable;      // what it told is there when it is opened again
  bool has_history;  // it reads the past
  std::unique_ptr<Home> (*make)();
};

std::vector<Backend> Backends();
// Those of which it is true, e.g. Only(&Backend::durable).
std::vector<Backend> Only(bool Backend::*what);

inline std::ostream& operator<<(std::ostream& out, const Backend& backend) { return out << backend.name; }

}  // namespace liveness::conformance
