#include "server/app/process.h"

#include <signal.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

namespace liveness::app {
namespace {

// A start that is told to stop goes on until the process ends, and says what it does.
TEST(EndableStartDeathTest, EndsInOrderUnderAStartThatLogs) {
  const auto start = [] {
    PrepareProcess("info");
    const EndableStart endable;
    kill(getpid(), SIGTERM);
    for (;;) spdlog::info("serves on {}", "127.0.0.1:7700");
  };
  EXPECT_EXIT(start(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace liveness::app
