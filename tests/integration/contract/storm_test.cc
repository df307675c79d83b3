// Clients that come and go in crowds, or never get anywhere, and a server that
// stops or starts anew in the midst of it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/contract/contract_fixture.h"
#include "tests/integration/server/query_watcher.h"

namespace liveness::testing {
namespace {

class StormTest : public ContractTest {
 protected:
  // A connection without gRPC on it.
  int Connect() const {
    const int port = std::stoi(address().substr(address().rfind(':') + 1));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    return fd;
  }
  std::int64_t OpenStreams() {
    grpc::ClientContext context;
    SetPatience(context);
    v1::GetStatsResponse stats;
    EXPECT_TRUE(registry_->GetStats(&context, {}, &stats).ok());
    return stats.stream_count();
  }
};

// Hellos whose caller is gone before, while and after they are taken.
void ComeAndGo(const std::string& address, int seed, int times) {
  const auto channel = NewChannel(address);
  const auto stub = v1::HeartbeatService::NewStub(channel);
  for (int i = 0; i < times; ++i) {
    grpc::ClientContext context;
    const auto stream = stub->Heartbeat(&context);
    stream->Write(HeartbeatStream::Hello("storm-" + std::to_string(seed) + "-" + std::to_string(i % 20),
                                         std::to_string(i), milliseconds(500), milliseconds(5000)));
    v1::HeartbeatResponse response;
    if (i % 3 == 0) stream->Read(&response);
    if (i % 3 == 1) std::this_thread::sleep_for(std::chrono::microseconds(i % 700));
    context.TryCancel();
    while (stream->Read(&response)) {
    }
    (void)stream->Finish();
  }
}

TEST_F(StormTest, HellosWhoseCallerIsGone) {
  StartServer({"--resume-grace=200ms"});
  std::vector<std::thread> threads;
  for (int seed = 0; seed < 3; ++seed) threads.emplace_back([&, seed] { ComeAndGo(address(), seed, 500); });
  for (std::thread& thread : threads) thread.join();
  // Nothing of them is left: a call that is never given back would also keep the server from stopping.
  EXPECT_TRUE(Eventually([&] { return OpenStreams() == 1; })) << OpenStreams();
  EXPECT_TRUE(Eventually([&] {
    grpc::ClientContext context;
    v1::GetStatsResponse stats;
    return registry_->GetStats(&context, {}, &stats).ok() && stats.counts().alive() == 1 &&
           stats.counts().suspect() == 0;
  }));
}

TEST_F(StormTest, ConnectionsThatSayNothingOrNonsense) {
  StartServer();
  std::vector<int> fds;
  for (int i = 0; i < 200; ++i) {
    fds.push_back(Connect());
    const std::string words = i % 4 == 0   ? ""
                              : i % 4 == 1 ? "GET / HTTP/1.1\r\n\r\n"
                              : i % 4 == 2 ? "PRI * HTTP/2.0\r\n"
                                           : std::string(100, '\xff');
    EXPECT_EQ(send(fds.back(), words.data(), words.size(), MSG_NOSIGNAL), static_cast<ssize_t>(words.size()));
  }
  HeartbeatStream newcomer(address());
  EXPECT_TRUE(newcomer.Join(HeartbeatStream::Hello("newcomer", "1")));
  ASSERT_TRUE(newcomer.Ping(1));
  EXPECT_TRUE(newcomer.Receive());
  for (const int fd : fds) close(fd);
}

TEST_F(StormTest, StopsInTimeInTheMidstOfIt) {
  StartServer({"--drain-timeout=2s"});
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] {
      while (!stop) ComeAndGo(address(), seed, 20);
    });
  }
  std::vector<std::unique_ptr<HeartbeatStream>> staying;
  for (int i = 0; i < 50; ++i) {
    staying.push_back(std::make_unique<HeartbeatStream>(channel_));
    staying.back()->Send(HeartbeatStream::Hello("staying-" + std::to_string(i), "1"));
  }
  Watcher watcher(NewChannel(address()), {});
  ASSERT_TRUE(watcher.CatchUp(1));
  const int half_open = Connect();
  std::this_thread::sleep_for(milliseconds(300));
  bystander_.reset();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(server_->Stop(seconds(30)), 0) << server_->StandardError();
  // Two seconds and what a busy machine adds.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(8));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  close(half_open);
  for (const auto& stream : staying) {
    const auto status = stream->End();
    ASSERT_TRUE(status);
    EXPECT_EQ(status->error_code(), grpc::StatusCode::UNAVAILABLE) << status->error_message();
  }
  while (watcher.Next()) {
  }
  EXPECT_EQ(watcher.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(StormTest, AWatcherComesBackAfterARestart) {
  StartServer({ServerProcess::ListenOnOwnAddress()});
  HeartbeatStream before(channel_);
  ASSERT_TRUE(before.Join(HeartbeatStream::Hello("before", "1")));
  auto watcher = std::make_unique<Watcher>(channel_, v1::WatchClientsRequest());
  ASSERT_TRUE(watcher->CatchUp(1));
  const std::uint64_t old_incarnation = bystander_->incarnation();
  const std::string where = address();
  server_->Signal(SIGKILL);
  server_->WaitForExit(seconds(30));
  bystander_.reset();
  while (watcher->Next()) {
  }
  EXPECT_EQ(watcher->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);

  StartServer({"--listen=" + where});
  EXPECT_GT(bystander_->incarnation(), old_incarnation);
  v1::WatchClientsRequest request;
  request.set_start_revision(watcher->revision);
  request.set_history_id(watcher->history_id);
  Watcher again(channel_, request);
  ASSERT_TRUE(again.Next());
  EXPECT_TRUE(again.last.has_gap());
  ASSERT_TRUE(again.CatchUp(1));
  EXPECT_NE(again.history_id, watcher->history_id);
  EXPECT_TRUE(again.clients.contains(kBystander));
  EXPECT_FALSE(again.clients.contains("before"));
}

}  // namespace
}  // namespace liveness::testing
