// Streams beyond what one completion queue takes go to further ones, which the canary
// watches too. In the test's own process: a queue takes two streams here.
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "server/net/accepted_sockets.h"
#include "server/registry/publisher_thread.h"
#include "server/registry/registry.h"
#include "server/rpc/canary/canary.h"
#include "server/rpc/canary/canary_service.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/heartbeat/heartbeat_service.h"
#include "server/storage/memory_store.h"
#include "tests/integration/canary/canary_fixture.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

using core::Pulse;
using registry::QueuePulses;

constexpr std::size_t kQueues = 3;  // two of them spare

class SpareQueuesTest : public ::testing::Test {
 protected:
  SpareQueuesTest()
      : store_(common::SystemClock()),
        sockets_(std::chrono::seconds(10), std::chrono::seconds(10)),
        registry_({.server_id = "test-server", .queues = kQueues}, common::SystemClock(), store_,
                  *store_.Load()),
        publisher_(registry_),
        engine_({.io_threads = 1, .spare_queues = kQueues - 1, .streams_per_queue = 2}),
        canary_(common::SystemClock(), pulses(), 1) {
    store_.Start(registry_);
    rpc::HeartbeatOptions options;
    options.server_id = "test-server";
    engine_.Add(
        std::make_unique<rpc::HeartbeatService>(options, common::SystemClock(), registry_, store_, sockets_));
    engine_.Add(std::make_unique<rpc::CanaryService>("secret", common::SystemClock(), pulses()));
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    EXPECT_TRUE(engine_.Start(builder).ok());
    registry_.BeginServing();
  }
  ~SpareQueuesTest() override {
    canary_.Stop();
    streams_.clear();
    engine_.EndCalls();
    engine_.Shutdown(std::chrono::seconds(5));
    store_.Stop();
  }

  QueuePulses& pulses() { return registry_.pulses(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Opens a stream and says which queue heard its hello.
  std::size_t Open() {
    std::vector<Pulse> before;
    pulses().Read(before);
    const std::string id = "client-" + std::to_string(++opened_);
    streams_.push_back(std::make_unique<HeartbeatStream>(address()));
    EXPECT_TRUE(streams_.back()->Join(HeartbeatStream::Hello(id, "instance-of-" + id)));
    for (std::size_t queue = 0; queue < kQueues; ++queue) {
      if (pulses().at(queue).Read().heard != before[queue].heard) return queue;
    }
    return kQueues;
  }
  bool IsBeaten(std::size_t queue) {
    const Pulse first = pulses().at(queue).Read();
    return Eventually([&] {
      const Pulse later = pulses().at(queue).Read();
      return later.caught_up > first.sent;
    });
  }
  void StartCanary() {
    rpc::CanaryOptions options{rpc::CanaryTarget(address()), grpc::InsecureChannelCredentials(), "secret"};
    options.engine = &engine_;
    canary_.Start(std::move(options));
  }

  storage::MemoryStore store_;
  net::AcceptedSockets sockets_;
  registry::Registry registry_;
  registry::PublisherThread publisher_;
  rpc::Engine engine_;
  rpc::Canary canary_;
  int port_ = 0;
  int opened_ = 0;
  std::vector<std::unique_ptr<HeartbeatStream>> streams_;
};

TEST_F(SpareQueuesTest, AreTakenInTurnOnceThereIsNoRoomBefore) {
  std::vector<std::size_t> queues;
  for (int i = 0; i < 6; ++i) queues.push_back(Open());
  EXPECT_EQ(queues, (std::vector<std::size_t>{0, 0, 1, 1, 2, 2}));
  EXPECT_LT(Open(), kQueues) << "there is no room, and it is served all the same";
}

TEST_F(SpareQueuesTest, AreLeftAgainForRoomOnTheFirst) {
  for (int i = 0; i < 3; ++i) (void)Open();
  streams_.erase(streams_.begin(), streams_.begin() + 2);
  // One was asked for on the second queue before there was room.
  EXPECT_TRUE(Eventually([&] { return Open() == 0; }));
}

TEST_F(SpareQueuesTest, TheCanaryBeatsOnThoseThatAreInUse) {
  StartCanary();
  EXPECT_TRUE(IsBeaten(0));
  for (int i = 0; i < 3; ++i) (void)Open();
  EXPECT_TRUE(IsBeaten(1));
  EXPECT_EQ(pulses().at(2).Read().heard, Pulse::kNever) << "it has no thread, let alone a doubtful one";
  EXPECT_EQ(canary_.watched(), 1U);
}

TEST_F(SpareQueuesTest, TheCanaryTellsOfOneWhoseThreadStands) {
  StartCanary();
  for (int i = 0; i < 3; ++i) (void)Open();
  ASSERT_TRUE(IsBeaten(1));
  std::promise<void> go_on;
  ASSERT_TRUE(engine_.RunOnQueue(1, [&] { go_on.get_future().wait(); }));
  EXPECT_TRUE(Eventually([&] {
    const Pulse pulse = pulses().at(1).Read();
    return pulse.sent - pulse.caught_up > std::chrono::seconds(1);
  }));
  EXPECT_TRUE(IsBeaten(0)) << "the others go on";
  go_on.set_value();
  EXPECT_TRUE(IsBeaten(1));
}

}  // namespace
}  // namespace liveness::testing
