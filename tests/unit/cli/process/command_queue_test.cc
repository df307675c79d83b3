#include "client/cli/process/command_queue.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"

namespace liveness::cli {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;

// Each job says when it has run by failing.
class CommandQueueTest : public ::testing::Test {
 protected:
  CommandQueueTest() {
    sigemptyset(&none_);
    mkfifo(dir_.file("fifo").c_str(), 0600);
  }
  CommandQueue::OnFailure Note() {
    return [this](const CommandQueue::Job& job, const std::string& how) {
      common::MutexLock lock(mu_);
      failures_.push_back(job.key + " " + how);
      changed_.NotifyAll();
    };
  }
  void AwaitFailures(std::size_t count) {
    common::MutexLock lock(mu_);
    while (failures_.size() < count) changed_.Wait(mu_);
  }
  std::vector<std::string> Failures() {
    common::MutexLock lock(mu_);
    return failures_;
  }
  CommandQueue::Job Job(const std::string& key, const std::string& command) const {
    return {key, "", {command, {"PATH=/usr/bin:/bin", "DIR=" + dir_.path().string()}, ""}};
  }
  sigset_t none_;
  testing::TempDir dir_;
  common::Mutex mu_;
  common::CondVar changed_;
  std::vector<std::string> failures_;
};

TEST_F(CommandQueueTest, RunsOneAfterTheOtherInTheirOrder) {
  CommandQueue queue(1, minutes(1), none_, Note());
  for (int i = 1; i <= 5; ++i) queue.Put(Job("a" + std::to_string(i % 2), "exit " + std::to_string(i)));
  AwaitFailures(5);
  EXPECT_EQ(queue.Stop(), 0u);
  EXPECT_THAT(Failures(), ElementsAre("a1 ended with code 1", "a0 ended with code 2", "a1 ended with code 3",
                                      "a0 ended with code 4", "a1 ended with code 5"));
}

TEST_F(CommandQueueTest, OneThatEndsWellIsNoFailure) {
  CommandQueue queue(1, minutes(1), none_, Note());
  queue.Put(Job("a", "exit 0"));
  queue.Put(Job("b", "exit 1"));
  AwaitFailures(1);
  EXPECT_THAT(Failures(), ElementsAre("b ended with code 1"));
}

// The first of `a` runs until `b`, which came after both of `a`, has run.
TEST_F(CommandQueueTest, OfSeveralAtATimeThoseOfOneKeyKeepTheirOrder) {
  CommandQueue queue(4, minutes(1), none_, Note());
  queue.Put(Job("a", "read x <$DIR/fifo; exit 1"));
  queue.Put(Job("a", "exit 2"));
  queue.Put(Job("b", "exit 3"));
  AwaitFailures(1);
  std::ofstream(dir_.file("fifo")) << "go\n";
  AwaitFailures(3);
  EXPECT_THAT(Failures(), ElementsAre("b ended with code 3", "a ended with code 1", "a ended with code 2"));
}

TEST_F(CommandQueueTest, WhoPutsInTooManyWaits) {
  CommandQueue queue(1, minutes(1), none_, Note());
  queue.Put(Job("a", "read x <$DIR/fifo; exit 1"));
  const int writer = open(dir_.file("fifo").c_str(), O_WRONLY);  // the first runs
  for (std::size_t i = 0; i < CommandQueue::kMostWaiting; ++i) queue.Put(Job("b", "exit 0"));
  std::atomic<bool> put = false;
  std::thread one_more([&] {
    queue.Put(Job("b", "exit 0"));
    put = true;
  });
  EXPECT_FALSE(put);
  close(writer);
  one_more.join();
  EXPECT_TRUE(put);
}

TEST_F(CommandQueueTest, InterruptedItEndsWhatRunsAndCountsWhatDoesNot) {
  CommandQueue queue(1, minutes(1), none_, Note());
  queue.Put(Job("a", "read x <$DIR/fifo; sleep 1000"));
  std::ofstream(dir_.file("fifo")) << "it runs\n";
  for (std::size_t i = 0; i < CommandQueue::kMostWaiting; ++i) queue.Put(Job("b", "exit 1"));
  std::thread one_more([&] { queue.Put(Job("b", "exit 1")); });
  queue.Interrupt();
  one_more.join();
  EXPECT_EQ(queue.Stop(), CommandQueue::kMostWaiting + 1);
  EXPECT_THAT(Failures(), ElementsAre("a was ended with the watch"));
}

}  // namespace
}  // namespace liveness::cli
