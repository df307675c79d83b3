// Jobs in turns: many long ones share the threads, and a short one waits for none of them.
#include "server/rpc/engine/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace liveness::rpc {
namespace {

// Holds up the threads of a pool until it goes.
class Gate {
 public:
  void Wait() { opened_.wait(); }
  void Open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_{open_.get_future()};
};

TEST(WorkerPoolTest, JobsTakeTurnsInTheOrderTheyCame) {
  Gate gate;
  std::string order;
  {
    WorkerPool pool(1, 100);
    ASSERT_TRUE(pool.Run(Lane::kLong, [&] {
      gate.Wait();
      return false;
    }));
    for (const char name : {'a', 'b', 'c'}) {
      ASSERT_TRUE(pool.Run(Lane::kLong, [&order, name, left = 3]() mutable {
        order += name;
        return --left > 0;
      }));
    }
    gate.Open();
  }
  EXPECT_EQ(order, "abcabcabc");
}

TEST(WorkerPoolTest, ALoneThreadAlternatesBetweenTheLanes) {
  Gate gate;
  std::string order;
  {
    WorkerPool pool(1, 100);
    ASSERT_TRUE(pool.Run(Lane::kLong, [&] {
      gate.Wait();
      return false;
    }));
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(pool.Run(Lane::kLong, [&] {
        order += 'l';
        return false;
      }));
      ASSERT_TRUE(pool.Run(Lane::kQueries, [&] {
        order += 'q';
        return false;
      }));
    }
    gate.Open();
  }
  EXPECT_EQ(order, "qlqlql");
}

TEST(WorkerPoolTest, AQueryWaitsForASliceOfThoseThatTakeLongAndNotForTheirEnd) {
  std::atomic<bool> stop{false};
  std::atomic<int> slices{0};
  WorkerPool pool(2, 1'000);  // ends before what its jobs use
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(pool.Run(Lane::kLong, [&] {
      slices.fetch_add(1);
      return !stop.load();
    }));
  }
  while (slices.load() < 1'000) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) {
    std::promise<void> answered;
    ASSERT_TRUE(pool.Run(Lane::kQueries, [&] {
      answered.set_value();
      return false;
    }));
    answered.get_future().wait();
  }
  stop.store(true);
}

TEST(WorkerPoolTest, EachLaneIsBoundedByItself) {
  Gate gate;
  {
    WorkerPool pool(1, 2);
    std::promise<void> begun;
    ASSERT_TRUE(pool.Run(Lane::kLong, [&] {
      begun.set_value();
      gate.Wait();
      return false;
    }));
    begun.get_future().wait();
    const auto nothing = [] { return false; };
    EXPECT_TRUE(pool.Run(Lane::kLong, nothing));
    EXPECT_TRUE(pool.Run(Lane::kLong, nothing));
    EXPECT_FALSE(pool.Run(Lane::kLong, nothing));
    EXPECT_TRUE(pool.Run(Lane::kQueries, nothing));
    gate.Open();
    pool.Stop();
    EXPECT_FALSE(pool.Run(Lane::kQueries, nothing));
  }
}

}  // namespace
}  // namespace liveness::rpc
