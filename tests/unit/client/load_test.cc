#include "client/src/load.h"

#include <gtest/gtest.h>

#include <vector>

namespace liveness::internal {
namespace {

using common::MonoTime;
using namespace std::chrono_literals;

constexpr MonoTime kStart(1h);

ProcessUsage fake_usage;  // what the meter is told; each test sets it
ProcessUsage FakeUsage() { return fake_usage; }

TEST(LoadMeter, ReadsAtOnceAndThenEveryFiveSeconds) {
  fake_usage = {.cpu = 100s, .memory_bytes = 4096};
  LoadMeter meter(true, FakeUsage);
  const auto first = meter.Read(kStart);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->cpu_usage, 0) << "a hundred seconds of processor, but since when?";
  EXPECT_EQ(first->memory_bytes, 4096);
  EXPECT_FALSE(meter.Read(kStart + 4999ms));
  fake_usage.cpu += 10s;
  const auto second = meter.Read(kStart + 5s);
  ASSERT_TRUE(second);
  EXPECT_DOUBLE_EQ(second->cpu_usage, 2.0) << "two threads at work";
  EXPECT_FALSE(meter.Read(kStart + 6s));
}

TEST(LoadMeter, TellsTheWorstLatenessSinceTheLastReading) {
  LoadMeter meter(true, FakeUsage);
  meter.TimerWasLate(-3s);  // woken by an event, before it was due
  EXPECT_EQ(meter.Read(kStart)->scheduling_delay, 0s);
  meter.TimerWasLate(2ms);
  meter.TimerWasLate(70ms);
  meter.TimerWasLate(5ms);
  EXPECT_EQ(meter.Read(kStart + 5s)->scheduling_delay, 70ms);
  EXPECT_EQ(meter.Read(kStart + 10s)->scheduling_delay, 0s);
}

TEST(LoadMeter, SpeakingForAnotherProcessItTellsNothingOfItsOwn) {
  fake_usage = {.cpu = 100s, .memory_bytes = 4096};
  LoadMeter meter(false, FakeUsage);
  meter.Read(kStart);
  meter.TimerWasLate(30ms);
  fake_usage.cpu += 5s;
  const auto load = meter.Read(kStart + 5s);
  EXPECT_EQ(load->cpu_usage, 0);
  EXPECT_EQ(load->memory_bytes, 0);
  EXPECT_EQ(load->scheduling_delay, 30ms);
}

TEST(ReadProcessUsage, SeesThisProcess) {
  const ProcessUsage before = ReadProcessUsage();
  const std::vector<char> block(64 << 20, 'x');
  const ProcessUsage after = ReadProcessUsage();
  EXPECT_GT(after.cpu, before.cpu);
  EXPECT_GT(after.memory_bytes, before.memory_bytes + std::ssize(block) / 2);
}

}  // namespace
}  // namespace liveness::internal
