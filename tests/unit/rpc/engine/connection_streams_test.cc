#include "server/rpc/engine/connection_streams.h"

#include <memory>
#include <vector>

#include <gmock/gmock.h>

#include "common/status.h"

namespace liveness::rpc {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConnectionStreamsTest : public ::testing::Test {
 protected:
  static net::Endpoint Peer(int port) { return *net::FromText("10.0.0.1:" + std::to_string(port)); }
  static common::MonoTime At(int second) { return common::MonoTime{} + seconds(second); }

  std::vector<net::Endpoint> closed_;
  ConnectionStreams streams_{
      {.max_streams = 2, .reset_burst = 3, .reset_rate = 1, .close = [this](const net::Endpoint& peer) {
         closed_.push_back(peer);
       }}};
};

TEST_F(ConnectionStreamsTest, FarBeyondTheBoundTheConnectionIsClosed) {
  std::vector<std::unique_ptr<ConnectionStreams::Place>> places;
  const auto take = [&](const std::optional<net::Endpoint>& peer) {
    places.push_back(std::make_unique<ConnectionStreams::Place>());
    return places.back()->Take(streams_, peer);
  };
  // Twice the bound: some of them may be over for the peer.
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(take(Peer(1)).ok());
  EXPECT_TRUE(take(Peer(2)).ok());
  EXPECT_THAT(closed_, IsEmpty());
  const absl::Status refused = take(Peer(1));
  EXPECT_EQ(common::ReasonOf(refused), "TOO_MANY_STREAMS");
  ASSERT_THAT(closed_, SizeIs(1));
  EXPECT_EQ(closed_.front(), Peer(1));
  EXPECT_EQ(streams_.closed_count(), 1U);
  // A place that is given up is another's.
  places.clear();
  EXPECT_TRUE(take(Peer(1)).ok());
  // A Unix socket's peers cannot be told apart.
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(take(std::nullopt).ok());
}

TEST_F(ConnectionStreamsTest, ResetsAreCountedOverCalls) {
  const auto reset = [&](int port, int second) {
    ConnectionStreams::Place place;
    EXPECT_TRUE(place.Take(streams_, Peer(port)).ok());
    place.WasReset(At(second));
  };
  for (int i = 0; i < 3; ++i) reset(1, 0);
  reset(2, 0);
  EXPECT_THAT(closed_, IsEmpty());
  reset(1, 0);
  EXPECT_THAT(closed_, SizeIs(1));
  // One a second is borne with.
  for (int second = 2; second < 20; ++second) reset(1, second);
  EXPECT_THAT(closed_, SizeIs(1));
  EXPECT_EQ(streams_.closed_count(), 1U);
}

TEST_F(ConnectionStreamsTest, TheMemoryOfResetsIsBoundedToo) {
  for (int port = 1; port < 20'000; ++port) {
    ConnectionStreams::Place place;
    EXPECT_TRUE(place.Take(streams_, Peer(port)).ok());
    place.WasReset(At(port / 1000));
  }
  EXPECT_THAT(closed_, IsEmpty());
}

TEST(ConnectionStreamsUnboundedTest, ZeroIsNoLimit) {
  ConnectionStreams streams({.max_streams = 0});
  std::vector<std::unique_ptr<ConnectionStreams::Place>> places;
  for (int i = 0; i < 1000; ++i) {
    places.push_back(std::make_unique<ConnectionStreams::Place>());
    EXPECT_TRUE(places.back()->Take(streams, net::FromText("10.0.0.1:1")).ok());
  }
}

}  // namespace
}  // namespace liveness::rpc
