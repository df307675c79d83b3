// One principal makes as many lines of the log, and as much history, as it can, while a thousand bystanders
// beat on (the fixture sees to them).
#include <algorithm>
#include <atomic>
#include <vector>

#include "tests/attack/limits_attack.h"
#include "tests/support/http2_peer.h"

namespace liveness::testing {
namespace {

using Frame = Http2Frame;

int Count(const std::string& text, const std::string& what) {
  int count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// The attacker's streams end badly as fast as it can open them, all for one reason: the log takes a few lines
// a second of them. Another address's stream that ends for the same reason still has its line.
TEST_F(LimitsAttack, LinesOfTheLogWithoutEnd) {
  StartAttacked();
  const std::string before = server_->StandardError();
  const auto begun = steady_clock::now();
  v1::HeartbeatRequest hello = HeartbeatStream::Hello("no\x01name", "1");
  std::atomic<int> ended{0};
  std::atomic<bool> another_ended{false};
  const auto attack = [&](int thread) {
    if (thread == 4) {
      // In the midst of it, once; it calls from elsewhere.
      if (ended < 500 || another_ended) return std::this_thread::sleep_for(Millis(20));
      Http2Peer another(server_->address(), Http2Peer::Manners::kAcknowledges, {}, "127.0.0.2");
      const std::uint32_t stream = another.Call("/liveness.v1.HeartbeatService/Heartbeat",
                                                {{"authorization", "Bearer " + TokenOf("fleet")}});
      another.Send({Frame::kData, 0, stream, Http2Peer::Message(hello.SerializeAsString())});
      while (const auto frame = another.Receive(seconds(20))) {
        if ((another_ended = frame->type == Frame::kHeaders && (frame->flags & Frame::kEndStream) != 0))
          return;
      }
      return;
    }
    const auto channel = Channel();
    for (int i = 0; i < 50; ++i) {
      HeartbeatStream stream(channel, Millis(0), TokenOf("evil"));
      EXPECT_FALSE(stream.Join(hello));
      ++ended;
    }
  };
  Under(5, attack, [&] { return ended > 1'000 && another_ended; });
  const auto took = std::chrono::duration_cast<seconds>(steady_clock::now() - begun).count();
  const std::string log = server_->StandardError().substr(before.size());
  EXPECT_EQ(Count(log, "at 127.0.0.2:"), 1) << "the other's line was pushed out";
  // Ten lines of the attacker's address and one that counts those left out, in each second.
  EXPECT_LE(Count(log, "BAD_HELLO"), 11 * (took + 2));
  EXPECT_GT(Count(log, "more lines were left out"), 0);
  // Bystanders that fall have a line each, and nothing else was written.
  EXPECT_LT(Count(log, "\n"), 11 * (took + 2) + 2 * kFallen);
}

// Hundreds of sessions of one principal change their labels as often as they may: thousands of transitions a
// second. Who watches others misses nothing, and hears of their falls in time.
TEST_F(LimitsAttack, TransitionsOfOnePrincipalWithoutEnd) {
  StartAttacked();
  const std::uint64_t before = Revision();
  constexpr int kThreads = 4;
  const auto kSessions = static_cast<std::size_t>(Bearable(50));
  std::atomic<std::uint64_t> updates{0};
  std::vector<std::vector<std::unique_ptr<HeartbeatStream>>> streams(kThreads);
  const auto attack = [&](int thread) {
    auto& mine = streams[static_cast<std::size_t>(thread)];
    if (mine.size() < kSessions) {
      const std::string id = "evil-" + std::to_string(thread) + "-" + std::to_string(mine.size());
      mine.push_back(std::make_unique<HeartbeatStream>(Channel(), Millis(0), TokenOf("evil")));
      ASSERT_TRUE(mine.back()->Join(HeartbeatStream::Hello(id, "1", Millis(100), Millis(5'000))));
      return;
    }
    for (const auto& stream : mine) {
      v1::HeartbeatRequest request;
      (*request.mutable_update()->mutable_labels())["n"] = std::to_string(++updates);
      (void)stream->Send(request);
    }
    // The flood guard takes a hundred messages in an interval; who is cut off floods no more.
    std::this_thread::sleep_for(Millis(15));
  };
  Under(kThreads, attack, [&] { return Revision() - before > 2'000; });
  EXPECT_EQ(watch_->gaps(), 0) << "of who watches the bystanders";
}

// One principal's ids live and leave without end, far more than records of those are kept: a bystander that
// died before is still there, and what it died of.
TEST_F(LimitsAttack, EndedRecordsWithoutEnd) {
  StartAttacked({"--max-ended=300"});
  v1::RegistryService::Stub stub(ops_);
  std::atomic<int> left{0};
  Under(
      4,
      [&](int thread) {
        const auto channel = Channel();
        for (int i = 0; i < 25; ++i) {
          HeartbeatStream stream(channel, Millis(0), TokenOf("evil"));
          ASSERT_TRUE(stream.Join(
              HeartbeatStream::Hello("evil-" + std::to_string(thread) + "-" + std::to_string(++left), "1")));
          EXPECT_TRUE(stream.Goodbye());
        }
      },
      [&] { return left > 600; });
  v1::ListClientsRequest request;
  request.set_filter("client_id = \"by-*\" AND state = DEAD");
  request.set_page_size(200);
  const auto dead = [&] {
    v1::ListClientsResponse page;
    EXPECT_TRUE(Call(stub, &v1::RegistryService::Stub::ListClients, request, page, TokenOf("ops")).ok());
    return page.clients_size();
  };
  EXPECT_TRUE(Within(seconds(20), [&] { return dead() >= 2 * kFallen; }))
      << dead() << ": those that fell before the attack, and in it";
}

}  // namespace
}  // namespace liveness::testing
