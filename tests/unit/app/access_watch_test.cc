#include "server/app/access_watch.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "server/app/access_policy.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace liveness::app {
namespace {

// A server reads the files, opens its store, and only then looks after them.
TEST(AccessWatchTest, WhatChangedWhileTheServerStartedIsTaken) {
  const testing::TempDir dir;
  const testing::ManualClock clock;
  Config config;
  config.auth.token_file = dir.file("tokens.toml");
  std::ofstream(config.auth.token_file) << "";
  const std::string print = PolicyPrint(config);
  auth::Access access(clock, LoadPolicy(config).value());
  std::ofstream(config.auth.token_file)
      << "[[token]]\nname = \"a\"\nsha256 = \"" << std::string(64, 'a') << "\"\nroles = [\"view\"]\n";
  IncidentLog incidents("", clock);
  auth::AuditLog audit(clock, 100);
  int changes = 0;
  AccessWatch watch(config, access, clock, incidents, audit, [&changes] { ++changes; });
  watch.ReadFrom(print);
  watch.Look();
  EXPECT_EQ(changes, 1);
  watch.Look();
  EXPECT_EQ(changes, 1);
}

}  // namespace
}  // namespace liveness::app
