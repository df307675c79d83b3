// What a test asks of a watcher's replay. Header only.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "tests/support/registry/registry_harness.h"

namespace liveness::testing {

// A watch without a filter, above `from`; 0: from a snapshot on.
inline std::shared_ptr<registry::Watch> WatchAll(RegistryHarness& h, std::uint64_t from = 0) {
  return *h.registry.StartWatch({.filter_key = "", .filter = nullptr, .start_revision = from});
}

// The same clients, each in the same state by the same transition. Two maps from ids to records.
MATCHER_P(SameRecordsAs, expected, "") {
  if (arg.size() != expected.size()) return false;
  return std::equal(arg.begin(), arg.end(), expected.begin(), [](const auto& a, const auto& b) {
    return a.first == b.first && a.second->revision == b.second->revision &&
           a.second->state == b.second->state;
  });
}

}  // namespace liveness::testing
