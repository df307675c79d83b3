// When a mark goes that this server has not set, or has.
#include "server/registry/records/flapping.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace liveness::registry {
namespace {

using common::MonoTime;
using std::chrono::seconds;

constexpr core::FlapOptions kOptions{.half_life = seconds(10)};

void SetRecord(Session& session, bool flapping) {
  core::ClientRecord record;
  record.state = core::State::kAlive;
  record.flapping = flapping;
  session.state().record = std::make_shared<const core::ClientRecord>(std::move(record));
}

TEST(FlappingMark, OfSomebodyElseGoesAtOnce) {
  Session session;
  SetRecord(session, true);
  EXPECT_EQ(CalmAt(session, kOptions), MonoTime::min());
  session.state().MakeExtras();
  EXPECT_EQ(CalmAt(session, kOptions), MonoTime::min()) << "of no fall that was seen here";
  session.state().extras->flap.Fell(MonoTime(seconds(100)), kOptions);
  EXPECT_EQ(CalmAt(session, kOptions), MonoTime::min()) << "of one fall, which makes no mark";
  SetRecord(session, false);
  EXPECT_EQ(CalmAt(session, kOptions), MonoTime::max());
}

TEST(FlappingMark, OfOursGoesWhenItIsCalm) {
  Session session;
  SetRecord(session, true);
  core::FlapState& flap = session.state().MakeExtras().flap;
  const MonoTime now(seconds(100));
  while (!flap.IsFlapping(now, kOptions)) flap.Fell(now, kOptions);
  EXPECT_EQ(CalmAt(session, kOptions), flap.ReuseAt(kOptions));
  EXPECT_GT(CalmAt(session, kOptions), now);
}

}  // namespace
}  // namespace liveness::registry
