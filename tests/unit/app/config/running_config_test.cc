#include "server/app/config/running_config.h"

#include "tests/unit/app/config/config_run.h"

namespace liveness::app {
namespace {

class RunningConfigTest : public ConfigRun {
 protected:
  // A server that runs by `text`, and can change --log-level and --drain-timeout.
  void Run(const std::string& text, std::vector<std::string> args = {}) {
    args_ = std::move(args);
    args_.push_back(File(text));
    running_.emplace(Accepted(args_).settings);
    running_->CanChange("log-level", [this](const Config& config) { log_level_ = config.log_level; });
    running_->CanChange("drain-timeout",
                        [this](const Config& config) { drain_timeout_ = config.drain_timeout; });
  }
  std::string Reload(const std::string& text) {
    File(text);
    return running_->Take(Parse(args_));
  }

  std::vector<std::string> args_;
  std::optional<RunningConfig> running_;
  std::string log_level_ = "untouched";
  common::Duration drain_timeout_{};
};

TEST_F(RunningConfigTest, WhatCanChangeIsTaken) {
  Run("log-level = \"warn\"\n");
  EXPECT_EQ(Reload("log-level = \"debug\"\ndrain-timeout = \"9s\"\n"), "settings that changed: 2");
  EXPECT_EQ(log_level_, "debug");
  EXPECT_EQ(drain_timeout_, std::chrono::seconds(9));
  EXPECT_EQ(Reload("log-level = \"debug\"\ndrain-timeout = \"9s\"\n"), "") << "it is in force";
  EXPECT_EQ(Reload(""), "settings that changed: 2") << "defaults are values as well";
  EXPECT_EQ(log_level_, "info");
}

TEST_F(RunningConfigTest, WhatCannotChangeIsNamedForAsLongAsItDiffers) {
  Run("min-interval = \"100ms\"\n");
  EXPECT_EQ(Reload("min-interval = \"250ms\"\nlog-level = \"warn\"\n"),
            "settings that changed: 1, settings that take a restart: 1");
  EXPECT_EQ(Reload("min-interval = \"250ms\"\nlog-level = \"warn\"\n"), "settings that take a restart: 1");
  EXPECT_EQ(Reload("log-level = \"warn\"\n"), "") << "the default is what holds";
}

TEST_F(RunningConfigTest, TheSameInOtherWordsIsNoChange) {
  Run("keep-dead = \"24h\"\nmass-share = 0.5\nmax-clients = 1000000\n");
  EXPECT_EQ(Reload("keep-dead = \"1440m\"\nmass-share = 5e-1\nmax-clients = 1_000_000\n"), "");
}

TEST_F(RunningConfigTest, WhatAFlagHidesIsNoChange) {
  Run("min-interval = \"100ms\"\n", {"--min-interval=1s", "--log-level=error"});
  EXPECT_EQ(Reload("min-interval = \"250ms\"\nlog-level = \"debug\"\n"), "");
  EXPECT_EQ(log_level_, "untouched");
}

TEST_F(RunningConfigTest, HooksAreTakenTogetherAndOnlyIfTheyDiffer) {
  const std::string a = "[[hook]]\nname = \"a\"\nurl = \"https://example.com/a\"\n";
  const std::string b = "[[hook]]\nname = \"b\"\ncommand = \"/bin/true\"\n";
  Run("");
  std::vector<hooks::HookConfigPtr> taken;
  int times = 0;
  running_->CanChangeHooks([&](const Config& config) { taken = config.hooks, ++times; });
  EXPECT_EQ(Reload(a + b), "hooks that changed: 2");
  EXPECT_THAT(taken, ::testing::SizeIs(2));
  EXPECT_EQ(Reload(b + a), "") << "in another order";
  EXPECT_EQ(Reload("log-level = \"debug\"\n" + a + "timeout = \"3s\"\n"),
            "settings that changed: 1, hooks that changed: 2");
  EXPECT_THAT(taken, ::testing::SizeIs(1));
  EXPECT_EQ(Reload("log-level = \"debug\"\n"), "hooks that changed: 1");
  EXPECT_THAT(taken, ::testing::IsEmpty());
  EXPECT_EQ(times, 3);
}

TEST_F(RunningConfigTest, AFileThatIsWrongChangesNothingAtAll) {
  Run("");
  for (const char* text :
       {"log-level = \"debug\"\nmin-interval = 1\n", "log-level = \"debug\"\nx = 1\n", "log-level"}) {
    EXPECT_EQ(Reload(text), "the configuration was refused, and all of it is as it was") << text;
    EXPECT_EQ(log_level_, "untouched");
  }
  EXPECT_EQ(Reload("log-level = \"debug\"\n"), "settings that changed: 1");
}

TEST_F(RunningConfigTest, EverySettingThatDiffersIsCounted) {
  Run("");
  EXPECT_EQ(Reload("listen = \"127.0.0.1:1\"\nhttp-host = \"a.b\"\nchannelz = true\ndata-dir = \"/x\"\n"),
            "settings that take a restart: 4");
}

}  // namespace
}  // namespace liveness::app
