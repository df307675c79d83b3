// Watches over a registry that the test publishes. Header only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/support/registry/registry_harness.h"

namespace liveness::testing {

inline std::shared_ptr<registry::Watch> Start(RegistryHarness& h, registry::WatchRequest request = {}) {
  auto watch = h.registry.StartWatch(std::move(request));
  EXPECT_TRUE(watch.ok()) << watch.status();
  return *watch;
}

inline void Publish(RegistryHarness& h) {
  while (h.registry.PublishPending()) {
  }
}

}  // namespace liveness::testing
