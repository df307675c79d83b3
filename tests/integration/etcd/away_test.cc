// A server is cut off from etcd for longer than its lease: its clients go where they are
// seen, if there is such a place, and nobody comes to harm if there is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/integration/client/state_log.h"
#include "tests/support/etcd_process.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_forwarder.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;

constexpr auto kLongPatience = 40s;

bool EventuallyInTime(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kLongPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

// A library client and what it told.
struct Worker {
  std::unique_ptr<StateLog> log = std::make_unique<StateLog>();
  std::unique_ptr<Client> client;  // the last: it tells the log of its end
  std::string Server() const { return client->welcome() ? client->welcome()->server_id : ""; }
};

class Away : public ::testing::Test {
 protected:
  // Two servers, each with a cable to the one etcd.
  void SetUp() override {
    if (!EtcdProcess::Available()) GTEST_SKIP() << "etcd-server and etcd-client are not installed";
    etcd_ = EtcdProcess::Start();
    ASSERT_NE(etcd_, nullptr);
    for (const char* id : {"a", "b"}) {
      cables_.push_back(std::make_unique<TcpForwarder>(etcd_->endpoints()[0]));
      servers_.push_back(ServerProcess::Start({"--store=etcd", std::string("--server-id=") + id,
                                               "--etcd-endpoints=" + cables_.back()->address()}));
      ASSERT_NE(servers_.back(), nullptr);
    }
  }

  // A client of a's that knows b, and has been served there for a while.
  Worker Work(const std::string& id) {
    Worker worker;
    ClientOptions options = OptionsFor(servers_[0]->address(), *worker.log);
    options.targets.push_back(servers_[1]->address());
    options.client_id = id;
    options.interval = 200ms;
    options.timeout = 5s;
    worker.client = StartClient(std::move(options));
    EXPECT_TRUE(EventuallyInTime([&] { return worker.client->counters().pongs_received > 0; }));
    EXPECT_EQ(worker.Server(), "a");
    return worker;
  }

  // Of all clients, as b knows them.
  std::map<std::string, v1::Client> ListAtB() const {
    const auto stub = v1::RegistryService::NewStub(NewChannel(servers_[1]->address()));
    grpc::ClientContext context;
    v1::ListClientsRequest request;
    request.set_page_size(1000);
    v1::ListClientsResponse response;
    EXPECT_TRUE(stub->ListClients(&context, request, &response).ok());
    std::map<std::string, v1::Client> clients;
    for (const v1::Client& client : response.clients()) clients[client.client_id()] = client;
    return clients;
  }
  // What was ever told that is a death.
  std::vector<std::string> Deaths() const {
    const auto stub = v1::RegistryService::NewStub(NewChannel(servers_[1]->address()));
    grpc::ClientContext context;
    v1::ListTransitionsRequest request;
    request.set_page_size(1000);
    v1::ListTransitionsResponse response;
    EXPECT_TRUE(stub->ListTransitions(&context, request, &response).ok());
    std::vector<std::string> deaths;
    for (const v1::Transition& transition : response.transitions()) {
      if (transition.to_state() == v1::STATE_DEAD) deaths.push_back(transition.client_id());
    }
    return deaths;
  }
  bool IsReady(std::size_t server) const {
    const auto channel = NewChannel(servers_[server]->address());
    const auto stub = v1::AdminService::NewStub(channel);
    grpc::ClientContext context;
    v1::ServerInfo info;
    return stub->GetServerInfo(&context, {}, &info).ok() && info.ready();
  }

  std::unique_ptr<EtcdProcess> etcd_;
  std::vector<std::unique_ptr<TcpForwarder>> cables_;
  std::vector<std::unique_ptr<ServerProcess>> servers_;
};

TEST_F(Away, ItsClientsGoToAServerThatIsSeen) {
  std::vector<Worker> workers;
  for (const char* id : {"w1", "w2", "w3"}) workers.push_back(Work(id));
  cables_[0]->Set(TcpForwarder::Mode::kHang);
  for (const Worker& worker : workers) {
    ASSERT_TRUE(EventuallyInTime([&] { return worker.Server() == "b"; }));
  }
  // Longer than b would have given them.
  std::this_thread::sleep_for(8s);
  cables_[0]->Set(TcpForwarder::Mode::kForward);
  ASSERT_TRUE(EventuallyInTime([&] { return IsReady(0); }));
  std::this_thread::sleep_for(2s);  // what a has decided meanwhile would come now
  const auto clients = ListAtB();
  for (const Worker& worker : workers) {
    const v1::Client& client = clients.at(worker.client->client_id());
    EXPECT_EQ(client.state(), v1::STATE_ALIVE);
    EXPECT_EQ(client.server_id(), "b");
    EXPECT_EQ(client.incarnation(), worker.client->incarnation());
    EXPECT_THAT(worker.log->texts(), ElementsAre("CONNECTING", "LIVE")) << "it never lost anything";
  }
  EXPECT_THAT(Deaths(), ElementsAre());
}

TEST_F(Away, IfNoServerIsSeenTheyAreServedOn) {
  std::vector<Worker> workers;
  for (const char* id : {"w1", "w2", "w3"}) workers.push_back(Work(id));
  for (const auto& cable : cables_) cable->Set(TcpForwarder::Mode::kHang);
  // They look around, and find nothing.
  for (const Worker& worker : workers) {
    ASSERT_TRUE(EventuallyInTime([&] { return worker.client->counters().attempts >= 3; }));
  }
  const auto attempts = workers[0].client->counters().attempts;
  std::this_thread::sleep_for(8s);
  for (const Worker& worker : workers) {
    // For all that server a knows another one is seen, and has called them dead by now: it vouches for
    // nothing.
    EXPECT_EQ(worker.client->state(), State::kLost);
    EXPECT_EQ(worker.Server(), "a");
  }
  EXPECT_LE(workers[0].client->counters().attempts - attempts, 16u) << "paced";
  for (const auto& cable : cables_) cable->Set(TcpForwarder::Mode::kForward);
  ASSERT_TRUE(EventuallyInTime([&] { return IsReady(0) && IsReady(1); }));
  std::this_thread::sleep_for(8s);  // longer than a server that was not there would have given them
  const auto clients = ListAtB();
  for (const Worker& worker : workers) {
    EXPECT_EQ(clients.at(worker.client->client_id()).state(), v1::STATE_ALIVE);
    EXPECT_EQ(clients.at(worker.client->client_id()).incarnation(), worker.client->incarnation());
    // Sure again only as long as server a is seen: on a slow machine it may need two tries to be.
    EXPECT_THAT(worker.log->texts(), Each(AnyOf("CONNECTING", "LIVE", "LOST SERVER_SILENT")));
    EXPECT_EQ(worker.log->texts().back(), "LIVE");
  }
  EXPECT_THAT(Deaths(), ElementsAre());
}

TEST_F(Away, AFewAreSentFirstAndHeldSessionsGoOn) {
  struct Held {
    std::unique_ptr<HeartbeatStream> stream;
    v1::HeartbeatRequest hello;
    bool drained = false;
  };
  std::vector<Held> held;
  for (int n = 0; n < 70; ++n) {
    const std::string id = "raw-" + std::to_string(n);
    Held each{std::make_unique<HeartbeatStream>(servers_[0]->address()),
              HeartbeatStream::Hello(id, "i", 100s, 300s)};
    const auto welcome = each.stream->Join(each.hello);
    ASSERT_TRUE(welcome);
    each.hello.mutable_hello()->set_resume_token(welcome->resume_token());
    held.push_back(std::move(each));
  }
  const auto drained = [&] {
    int count = 0;
    for (Held& each : held) {
      while (!each.drained) {
        const auto response = each.stream->Receive(HeartbeatStream::Millis(0));
        if (!response) break;
        each.drained = response->has_drain();
      }
      count += each.drained;
    }
    return count;
  };
  cables_[0]->Set(TcpForwarder::Mode::kHang);
  ASSERT_TRUE(EventuallyInTime([&] { return drained() == 64; }));
  std::this_thread::sleep_for(3s);
  EXPECT_EQ(drained(), 64) << "nobody has left: the others are not troubled";

  std::vector<Held*> scouts, others;
  for (Held& each : held) (each.drained ? scouts : others).push_back(&each);
  // Its session goes on where it is held.
  HeartbeatStream again(servers_[0]->address());
  EXPECT_TRUE(again.Join(others[0]->hello));
  const auto replaced = others[0]->stream->End();
  ASSERT_TRUE(replaced);
  EXPECT_EQ(DetailsOf(*replaced).reason, "STREAM_REPLACED");

  scouts[0]->stream->Cancel();
  scouts[1]->stream->Cancel();
  ASSERT_TRUE(EventuallyInTime([&] { return drained() == 69; })) << drained();
  const auto drain = again.Receive();
  EXPECT_TRUE(drain && drain->has_drain());
}

}  // namespace
}  // namespace liveness::testing
