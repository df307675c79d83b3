// An etcd goes back in time under livenessd, by docs/cluster.md but for a step that was forgotten, or behind
// everybody's back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/support/etcd_process.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;

class WentBack : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdProcess::Available()) GTEST_SKIP() << "etcd-server and etcd-client are not installed";
    etcd_ = EtcdProcess::Start();
    ASSERT_NE(etcd_, nullptr);
    Serve();
  }
  void Serve() {
    server_ =
        ServerProcess::Start({"--store=etcd", "--server-id=a", "--etcd-endpoints=" + etcd_->endpoints()[0]});
    ASSERT_NE(server_, nullptr);
    channel_ = NewChannel(server_->address());
  }
  void Stop() {
    channel_.reset();
    if (server_ != nullptr) (void)server_->Stop();
  }
  void TearDown() override { Stop(); }

  std::optional<v1::Welcome> Join(const std::string& id, const std::string& instance,
                                  const std::string& token = {}) {
    HeartbeatStream stream(channel_);
    auto hello = HeartbeatStream::Hello(id, instance, 1000ms, 60'000ms);
    hello.mutable_hello()->set_resume_token(token);
    return stream.Join(hello);
  }
  // Tried again as a client does.
  std::optional<v1::Welcome> JoinInTime(const std::string& id, const std::string& instance,
                                        const std::string& token = {}) {
    for (int n = 0; n < 400; ++n) {
      if (auto welcome = Join(id, instance, token)) return welcome;
      std::this_thread::sleep_for(50ms);
    }
    return std::nullopt;
  }
  std::uint64_t IncarnationOf(const std::string& id) {
    const auto stub = v1::RegistryService::NewStub(channel_);
    grpc::ClientContext context;
    v1::GetClientRequest request;
    request.set_name("clients/" + id);
    v1::Client client;
    EXPECT_TRUE(stub->GetClient(&context, request, &client).ok());
    return client.incarnation();
  }

  TempDir dir_;
  std::unique_ptr<EtcdProcess> etcd_;
  std::unique_ptr<ServerProcess> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(WentBack, ASnapshotRestoredUnderTheOldNameIsNoticedByTheFirstServerThatStarts) {
  const auto first = JoinInTime("web-1", "i1");
  const auto other = JoinInTime("web-2", "i1");
  ASSERT_TRUE(first && other);
  ASSERT_NE(etcd_->Ctl({"snapshot", "save", dir_.file("snapshot")}), "");
  const auto second = JoinInTime("web-1", "i2");
  ASSERT_TRUE(second);
  Stop();
  ASSERT_TRUE(etcd_->RestoreFrom(dir_.file("snapshot")));
  Serve();
  EXPECT_NE(server_->StandardError().find("this etcd is a copy"), std::string::npos);
  EXPECT_GT(IncarnationOf("web-1"), second->incarnation());
  const auto again = JoinInTime("web-1", "i1", first->resume_token());
  ASSERT_TRUE(again);
  EXPECT_GT(again->incarnation(), second->incarnation());
  const auto last = JoinInTime("web-1", "i2", second->resume_token());
  ASSERT_TRUE(last);
  EXPECT_GT(last->incarnation(), again->incarnation());
  const auto same = JoinInTime("web-2", "i1", other->resume_token());
  ASSERT_TRUE(same);
  EXPECT_GT(same->incarnation(), second->incarnation());
  // Once: the next start finds it as it was left.
  Stop();
  Serve();
  EXPECT_EQ(server_->StandardError().find("this etcd is a copy"), std::string::npos);
  const auto resumed = JoinInTime("web-2", "i1", same->resume_token());
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->incarnation(), same->incarnation());
}

TEST_F(WentBack, MembersWhoseFilesWentBackAreFoundOutByATokenThatTheyHaveNotComeTo) {
  const auto first = JoinInTime("web-1", "i1");
  ASSERT_TRUE(first);
  ASSERT_TRUE(etcd_->SaveFiles(dir_.file("files")));
  for (int n = 0; n < 50; ++n) ASSERT_TRUE(JoinInTime("lost-" + std::to_string(n), "i1"));
  const auto second = JoinInTime("web-1", "i2");
  ASSERT_TRUE(second);
  Stop();
  ASSERT_TRUE(etcd_->PutFilesBack(dir_.file("files")));
  Serve();
  // Nothing is given out below what the client has had.
  const auto says = [this](const char* words) {
    return server_->StandardError().find(words) != std::string::npos;
  };
  for (int n = 0; n < 400 && !says("it went back"); ++n) {
    ASSERT_FALSE(Join("web-1", "i2", second->resume_token()));
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_TRUE(says("restart this server")) << server_->StandardError();
  Stop();
  Serve();
  const auto again = JoinInTime("web-1", "i1", first->resume_token());
  ASSERT_TRUE(again);
  EXPECT_GT(again->incarnation(), second->incarnation());
}

TEST_F(WentBack, AndByOneAboveItsClientsRecordWhenTheyHave) {
  const auto first = JoinInTime("web-1", "i1");
  const auto other = JoinInTime("web-2", "i1");
  ASSERT_TRUE(first && other);
  ASSERT_TRUE(etcd_->SaveFiles(dir_.file("files")));
  const auto second = JoinInTime("web-1", "i2");
  ASSERT_TRUE(second);
  Stop();
  ASSERT_TRUE(etcd_->PutFilesBack(dir_.file("files")));
  Serve();
  for (int n = 0; n < 20; ++n) ASSERT_TRUE(JoinInTime("new-" + std::to_string(n), "i1"));
  const auto again = JoinInTime("web-1", "i2", second->resume_token());
  ASSERT_TRUE(again);
  EXPECT_GT(again->incarnation(), second->incarnation());
  const auto same = JoinInTime("web-2", "i1", other->resume_token());
  ASSERT_TRUE(same);
  EXPECT_GT(same->incarnation(), second->incarnation()) << "it may have been followed in what is lost";
}

TEST_F(WentBack, AnEtcdThatIsOnlyRestartedIsTheSame) {
  const auto first = JoinInTime("web-1", "i1");
  ASSERT_TRUE(first);
  Stop();
  etcd_->Kill(0);
  etcd_->Restart(0);
  ASSERT_TRUE(etcd_->AwaitHealthy());
  Serve();
  const auto same = JoinInTime("web-1", "i1", first->resume_token());
  ASSERT_TRUE(same);
  EXPECT_EQ(same->incarnation(), first->incarnation());
}

}  // namespace
}  // namespace liveness::testing
