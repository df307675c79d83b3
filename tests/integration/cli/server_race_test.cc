#include "client/cli/api/server_race.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "client/cli/api/channel.h"
#include "common/clock.h"

namespace liveness::cli {
namespace {

using std::chrono::seconds;

std::string Address(int port) { return "127.0.0.1:" + std::to_string(port); }

// Nobody listens there.
constexpr int kRefuses = 1;

// Accepts connections and serves nothing on them.
class EmptyServer {
 public:
  EmptyServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  int port() const { return port_; }

 private:
  grpc::CallbackGenericService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// To the ports of one server, one after the other.
ServerRace::Connect To(std::vector<int> ports, std::size_t& attempts) {
  return [ports, &attempts](std::size_t, common::Duration patience) {
    const int port = ports.at(std::min(attempts++, ports.size() - 1));
    return MakeChannel(Address(port), {}, grpc::InsecureChannelCredentials(), false, patience);
  };
}

std::optional<ServerRace::Found> RaceTo(const std::vector<int>& ports, std::size_t& attempts) {
  ServerRace race(
      {0}, To(ports, attempts), [] { return false; }, common::SystemClock().Mono() + seconds(10));
  return race.Next();
}

TEST(ServerRace, AServerThatSeemsToRefuseIsTriedOnceMore) {
  const EmptyServer serves;
  std::size_t attempts = 0;
  const auto found = RaceTo({kRefuses, serves.port()}, attempts);
  ASSERT_TRUE(found);
  EXPECT_EQ(attempts, 2U);
  EXPECT_EQ(found->channel->GetState(false), GRPC_CHANNEL_READY);
}

TEST(ServerRace, AServerThatRefusesTwiceIsGivenSoThatACallTellsWhy) {
  std::size_t attempts = 0;
  const auto found = RaceTo({kRefuses}, attempts);
  ASSERT_TRUE(found);
  EXPECT_EQ(attempts, 2U);
  EXPECT_NE(found->channel->GetState(false), GRPC_CHANNEL_READY);
}

}  // namespace
}  // namespace liveness::cli
