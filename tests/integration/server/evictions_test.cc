// What operators ask of a store that hangs: it holds no thread, so everybody else is answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/rpc/operate/maintenance_job.h"
#include "tests/integration/server/query_server.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/stores/slow_store.h"

namespace liveness::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class OverAStoreThatHangs : public ::testing::Test {
 protected:
  std::future<grpc::Status> Evict(const std::string& id) {
    return std::async(std::launch::async, [this, id] {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + seconds(60));
      v1::EvictClientRequest request;
      request.set_name("clients/" + id);
      v1::Client client;
      grpc::Status status = admin_->EvictClient(&context, request, &client);
      if (status.ok() && client.state() != v1::STATE_DEAD) {
        return grpc::Status(grpc::StatusCode::DATA_LOSS, "it is not dead");
      }
      return status;
    });
  }
  struct Marked {
    grpc::Status status;
    std::int64_t changed = 0;
  };
  std::future<Marked> Maintain(seconds deadline = seconds(60)) {
    return std::async(std::launch::async, [this, deadline] {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + deadline);
      v1::SetMaintenanceRequest request;
      request.set_filter("state = ALIVE");
      request.mutable_until_time()->set_seconds(253'402'300'799);  // the last second of the year 9999
      v1::SetMaintenanceResponse response;
      Marked marked;
      marked.status = admin_->SetMaintenance(&context, request, &response);
      marked.changed = response.changed_count();
      return marked;
    });
  }
  void WaitFor(std::size_t waiting) {
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (store_->waiting() < waiting && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    ASSERT_GE(store_->waiting(), waiting);
  }
  // That queries with a worker each are answered.
  void ExpectQueriesAnswered() {
    for (int i = 0; i < 4; ++i) {
      grpc::ClientContext list_context;
      list_context.set_deadline(std::chrono::system_clock::now() + seconds(4));
      v1::ListClientsResponse list;
      EXPECT_TRUE(registry_->ListClients(&list_context, {}, &list).ok());
      grpc::ClientContext stats_context;
      stats_context.set_deadline(std::chrono::system_clock::now() + seconds(4));
      v1::GetStatsResponse stats;
      EXPECT_TRUE(registry_->GetStats(&stats_context, {}, &stats).ok());
    }
  }

  std::optional<SlowStore> store_;  // outlives the server, as do its calls' stubs
  QueryServer server_{{},
                      [this](storage::Store& inner) -> storage::Store* { return &store_.emplace(inner); }};
  std::unique_ptr<v1::AdminService::Stub> admin_ = v1::AdminService::NewStub(server_.Connect());
  std::unique_ptr<v1::RegistryService::Stub> registry_ = v1::RegistryService::NewStub(server_.Connect());
};

TEST_F(OverAStoreThatHangs, TenEvictionsDelayNoQuery) {
  for (int i = 0; i < 10; ++i) server_.Join("c" + std::to_string(i));
  store_->Hang();
  std::vector<std::future<grpc::Status>> evictions;
  for (int i = 0; i < 10; ++i) evictions.push_back(Evict("c" + std::to_string(i)));
  WaitFor(10);
  ExpectQueriesAnswered();
  store_->LetGo();
  for (auto& eviction : evictions) {
    const grpc::Status status = eviction.get();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
}

TEST_F(OverAStoreThatHangs, AnEvictionEndsAfterSomePatience) {
  server_.Join("a");
  store_->Hang();
  const grpc::Status status = Evict("a").get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason, "STORE_UNAVAILABLE");
  store_->LetGo();
  EXPECT_EQ(server_.registry().Get("a")->record->state, core::State::kDead) << "it may still";
}

TEST_F(OverAStoreThatHangs, AFleetsMaintenanceIsProposedBitByBit) {
  constexpr int kFleet = 6'000;
  for (int i = 0; i < kFleet; ++i) server_.Join("c" + std::to_string(i));
  store_->Hang();
  auto marked = Maintain();
  constexpr auto kMost = static_cast<std::size_t>(rpc::MaintenanceJob::kMostUnderWay);
  WaitFor(kMost);
  ExpectQueriesAnswered();
  EXPECT_LE(store_->waiting(), kMost + 256);
  // It goes on as the store does.
  for (int i = 0; i < 10; ++i) {
    store_->Deliver(100);
    EXPECT_LE(store_->waiting(), kMost + 256);
  }
  store_->LetGo();
  const Marked result = marked.get();
  EXPECT_TRUE(result.status.ok()) << result.status.error_message();
  EXPECT_EQ(result.changed, kFleet);
  EXPECT_EQ(server_.registry().totals().counts.maintenance, kFleet);
}

TEST_F(OverAStoreThatHangs, WhoGivesUpMarksNoMore) {
  constexpr int kFleet = 6'000;
  for (int i = 0; i < kFleet; ++i) server_.Join("c" + std::to_string(i));
  store_->Hang();
  auto marked = Maintain(seconds(2));
  WaitFor(static_cast<std::size_t>(rpc::MaintenanceJob::kMostUnderWay));
  EXPECT_EQ(marked.get().status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  std::this_thread::sleep_for(seconds(1));  // the server hears of it a little later
  store_->LetGo();
  EXPECT_LE(server_.registry().totals().counts.maintenance, rpc::MaintenanceJob::kMostUnderWay + 256);
  EXPECT_GT(server_.registry().totals().counts.maintenance, 0);
}

TEST_F(OverAStoreThatHangs, CallsThatAreGoneDoNotHoldTheServerUp) {
  for (int i = 0; i < 3'000; ++i) server_.Join("c" + std::to_string(i));
  store_->Hang();
  auto eviction = Evict("c7");
  WaitFor(1);
  auto marked = Maintain();
  WaitFor(static_cast<std::size_t>(rpc::MaintenanceJob::kMostUnderWay));
  server_.engine().Shutdown(common::Duration::zero());
  EXPECT_EQ(eviction.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(marked.get().status.error_code(), grpc::StatusCode::UNAVAILABLE);
  // And then the store commits, as the server's end has it.
}

}  // namespace
}  // namespace liveness::testing
