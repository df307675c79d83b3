#include "server/rpc/heartbeat/heartbeat_outbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace liveness::rpc {
namespace {

using Outbox = HeartbeatOutbox<std::string>;
using Kind = Outbox::Kind;

PendingPong Pong(std::uint64_t sequence) { return {.ping = {.sequence = sequence}, .receive_time = {}}; }

TEST(HeartbeatOutboxTest, OnlyTheLatestPongIsKept) {
  Outbox outbox;
  outbox.PutPong(Pong(1));
  outbox.PutPong(Pong(2));
  EXPECT_EQ(outbox.Take(), Kind::kPong);
  EXPECT_EQ(outbox.pong().ping.sequence, 2U);
  EXPECT_EQ(outbox.Take(), Kind::kNothing);
}

TEST(HeartbeatOutboxTest, TheWelcomeComesBeforeAllElse) {
  Outbox outbox;
  outbox.PutPong(Pong(1));
  outbox.PutProbe(9);
  outbox.PutDrain(std::chrono::seconds(2));
  outbox.PutWelcome(std::make_unique<std::string>("hi"));
  EXPECT_EQ(outbox.Take(), Kind::kWelcome);
  EXPECT_EQ(*outbox.welcome(), "hi");
  EXPECT_EQ(outbox.Take(), Kind::kDrain);
  EXPECT_EQ(outbox.drain(), std::chrono::seconds(2));
  EXPECT_EQ(outbox.Take(), Kind::kProbe);
  EXPECT_EQ(outbox.probe(), 9U);
  EXPECT_EQ(outbox.Take(), Kind::kPong);
  EXPECT_EQ(outbox.Take(), Kind::kNothing);
}

TEST(HeartbeatOutboxTest, TheEndDropsTheRestAndComesOnce) {
  Outbox outbox;
  outbox.PutPong(Pong(1));
  outbox.PutDrain(std::chrono::seconds(2));
  EXPECT_TRUE(outbox.PutEnd());
  EXPECT_FALSE(outbox.PutEnd());
  outbox.PutProbe(1);
  EXPECT_EQ(outbox.Take(), Kind::kEnd);
  EXPECT_EQ(outbox.Take(), Kind::kNothing);
  outbox.PutPong(Pong(2));
  EXPECT_EQ(outbox.Take(), Kind::kNothing);
}

}  // namespace
}  // namespace liveness::rpc
