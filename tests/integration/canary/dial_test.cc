// How the canary finds every queue, and what becomes of it where there is no
// server, another one, or one that goes away. In the test's own process.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "server/registry/records/queue_pulses.h"
#include "server/rpc/canary/canary.h"
#include "server/rpc/canary/canary_service.h"
#include "server/rpc/engine/engine.h"
#include "tests/integration/canary/canary_fixture.h"

namespace liveness::testing {
namespace {

using registry::QueuePulses;

// What takes the canary's calls, and nothing else.
class Listener {
 public:
  Listener(const std::string& address, const std::string& secret, QueuePulses& pulses)
      : engine_(rpc::EngineOptions{.io_threads = static_cast<int>(pulses.size())}) {
    engine_.Add(std::make_unique<rpc::CanaryService>(secret, common::SystemClock(), pulses));
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
    EXPECT_TRUE(engine_.Start(builder).ok());
  }
  ~Listener() { engine_.Shutdown(common::Duration::zero()); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;
  rpc::Engine engine_;
};

rpc::CanaryOptions OptionsFor(const std::string& address, const std::string& secret) {
  return {rpc::CanaryTarget(address), grpc::InsecureChannelCredentials(), secret};
}

bool IsSilent(const QueuePulses& pulses) {
  std::vector<core::Pulse> read;
  pulses.Read(read);
  return std::all_of(read.begin(), read.end(),
                     [](const auto& pulse) { return pulse.sent == core::Pulse::kNever; });
}

TEST(CanaryDialTest, ItFindsEveryQueueAmongOtherConnections) {
  QueuePulses pulses(4);
  Listener listener("127.0.0.1:0", "secret", pulses);
  // Each takes a turn of the server's in dealing connections out.
  std::vector<std::shared_ptr<grpc::Channel>> others;
  for (int i = 0; i < 5; ++i) {
    others.push_back(NewChannel(listener.address()));
    (void)others.back()->GetState(true);
  }
  rpc::Canary canary(common::SystemClock(), pulses, pulses.size());
  canary.Start(OptionsFor(listener.address(), "secret"));
  EXPECT_TRUE(Eventually([&] { return canary.watched() == 4; }));
  for (std::size_t i = 0; i < pulses.size(); ++i) {
    const core::Pulse first = pulses.at(i).Read();
    EXPECT_TRUE(Eventually([&] {
      const core::Pulse later = pulses.at(i).Read();
      return later.sent > first.sent && later.caught_up >= first.sent;
    })) << i;
  }
}

TEST(CanaryDialTest, ItBeatsNoMoreThanFiveTimesASecond) {
  QueuePulses pulses(1);
  Listener listener("127.0.0.1:0", "secret", pulses);
  rpc::Canary canary(common::SystemClock(), pulses, pulses.size());
  canary.Start(OptionsFor(listener.address(), "secret"));
  ASSERT_TRUE(Eventually([&] { return !IsSilent(pulses); }));
  const common::MonoTime first = pulses.at(0).Read().sent;
  common::MonoTime last = first;
  for (int beats = 0; beats < 5; ++beats) {
    ASSERT_TRUE(Eventually([&] { return pulses.at(0).Read().sent > last; }));
    last = pulses.at(0).Read().sent;
  }
  // It beats a little after it is woken, and that differs.
  EXPECT_GE(last - first, 5 * core::CanaryWatch::kPeriod - core::CanaryWatch::kPeriod / 2);
}

TEST(CanaryDialTest, WithoutAServerItSaysNothingAndComesOnceThereIsOne) {
  QueuePulses pulses(2);
  std::string address;
  {
    Listener listener("127.0.0.1:0", "secret", pulses);
    address = listener.address();
  }
  rpc::Canary canary(common::SystemClock(), pulses, pulses.size());
  canary.Start(OptionsFor(address, "secret"));
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_EQ(canary.watched(), 0U);
  EXPECT_TRUE(IsSilent(pulses));
  {
    Listener listener(address, "secret", pulses);
    EXPECT_TRUE(Eventually([&] { return canary.watched() == 2; }));
  }
  EXPECT_TRUE(Eventually([&] { return canary.watched() == 0 && IsSilent(pulses); })) << "it went away";
}

TEST(CanaryDialTest, AServerThatDoesNotKnowItsSecretIsNotItsOwn) {
  QueuePulses pulses(1);
  Listener listener("127.0.0.1:0", "another", pulses);
  rpc::Canary canary(common::SystemClock(), pulses, pulses.size());
  canary.Start(OptionsFor(listener.address(), "secret"));
  std::this_thread::sleep_for(seconds(1));
  EXPECT_EQ(canary.watched(), 0U);
  EXPECT_TRUE(IsSilent(pulses));
}

}  // namespace
}  // namespace liveness::testing
