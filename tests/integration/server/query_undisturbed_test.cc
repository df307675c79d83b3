// What viewers ask for is done by the workers and the publisher, a slice at a time: the threads that
// serve the streams do not feel it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/server/query_server.h"
#include "tests/integration/server/query_watcher.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Seconds of processor that this process's threads of a name took so far.
double CpuOf(const std::string& name) {
  double total = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (!comm.starts_with(name)) continue;
    double nanos = 0;
    std::ifstream(task.path() / "schedstat") >> nanos;
    total += nanos / 1e9;
  }
  return total;
}

// Asks for one client over and over, on the queue's thread.
class Bystander {
 public:
  Bystander(QueryServer& server, const std::string& id)
      : stub_(v1::RegistryService::NewStub(server.Connect())) {
    thread_ = std::thread([this, id] {
      while (!stop_) {
        const auto began = std::chrono::steady_clock::now();
        v1::GetClientRequest request;
        request.set_name("clients/" + id);
        v1::Client client;
        grpc::ClientContext context;
        if (stub_->GetClient(&context, request, &client).ok()) ++answers_;
        longest_ = std::max(longest_, std::chrono::steady_clock::now() - began);
        std::this_thread::sleep_for(milliseconds(2));
      }
    });
  }
  ~Bystander() {
    if (thread_.joinable()) Stop();
  }
  // The longest that an answer took.
  std::chrono::steady_clock::duration Stop() {
    stop_ = true;
    thread_.join();
    EXPECT_GT(answers_, 0);
    return longest_;
  }

 private:
  const std::unique_ptr<v1::RegistryService::Stub> stub_;
  std::atomic<bool> stop_{false};
  std::chrono::steady_clock::duration longest_{};
  int answers_ = 0;
  std::thread thread_;
};

// A filter of some 870 units that no client matches; each number makes another.
std::string DearFilter(int number) {
  std::string filter = "pid = 1" + std::to_string(number);
  while (filter.size() < 3'900) filter += " OR pid=7";
  return filter;
}

TEST(QueryUndisturbedTest, APastThatConcernsNobodyIsReadByWorkers) {
  QueryServer server;
  const auto busy = server.Join("busy");
  const std::uint64_t start = server.registry().revision();
  for (int i = 0; i < 60'000; ++i) server.SetLabels(busy, {{"n", std::to_string(i)}});
  const std::uint64_t revision = server.registry().revision();
  Bystander bystander(server, "busy");
  const double io = CpuOf("live-io"), workers = CpuOf("live-worker");
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < 3; ++i) {
    v1::WatchClientsRequest request;
    request.set_start_revision(start);
    request.set_filter(DearFilter(i));
    watchers.push_back(std::make_unique<Watcher>(server.Connect(), request));
  }
  for (const auto& each : watchers) {
    ASSERT_TRUE(each->CatchUp(revision));
    EXPECT_EQ(each->transitions, 0);
    EXPECT_EQ(each->gaps, 0);
  }
  const double io_took = CpuOf("live-io") - io, workers_took = CpuOf("live-worker") - workers;
  EXPECT_GT(workers_took, 0.05) << "the test asks for too little";
  EXPECT_LT(io_took, workers_took / 2 + 0.1) << "workers: " << workers_took;
  EXPECT_LT(bystander.Stop(), milliseconds(500));
}

TEST(QueryUndisturbedTest, DearFiltersDelayNeitherStreamsNorOtherWatchers) {
  QueryServer server;
  std::vector<registry::Attached> clients;
  for (int i = 0; i < 500; ++i) clients.push_back(server.Join("c" + std::to_string(i)));
  std::vector<std::unique_ptr<Watcher>> dear;
  for (int i = 0; i < 50; ++i) {
    v1::WatchClientsRequest request;
    request.set_filter(DearFilter(i));
    dear.push_back(std::make_unique<Watcher>(server.Connect(), request));
    ASSERT_TRUE(dear.back()->CatchUp(1));
  }
  Watcher quick(server.Connect(), {});
  ASSERT_TRUE(quick.CatchUp(1));
  Bystander bystander(server, "c0");
  const double io = CpuOf("live-io"), publisher = CpuOf("live-publisher");
  for (int round = 0; round < 6; ++round) {
    for (const auto& each : clients) server.SetLabels(each, {{"n", std::to_string(round)}});
  }
  const std::uint64_t revision = server.registry().revision();
  ASSERT_TRUE(quick.CatchUp(revision));
  const double until_quick = CpuOf("live-publisher") - publisher;
  for (const auto& each : dear) ASSERT_TRUE(each->CatchUp(revision));
  const double publisher_took = CpuOf("live-publisher") - publisher;
  EXPECT_GT(publisher_took, 0.2) << "the test asks for too little";
  EXPECT_LT(until_quick, publisher_took / 2) << "who has a cheap filter waits for no backlog of a dear one";
  EXPECT_LT(CpuOf("live-io") - io, publisher_took / 2 + 0.1) << "publisher: " << publisher_took;
  EXPECT_LT(bystander.Stop(), milliseconds(500));
  EXPECT_EQ(quick.transitions, 3'000);
}

TEST(QueryUndisturbedTest, WatchesWithDearFiltersAreBoundedAndSmallOnesLetIn) {
  registry::RegistryOptions options;
  options.max_dear_watch_filters = 2'000;
  QueryServer server(options);
  v1::WatchClientsRequest request;
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < 2; ++i) {
    request.set_filter(DearFilter(i));
    watchers.push_back(std::make_unique<Watcher>(server.Connect(), request));
    ASSERT_TRUE(watchers.back()->CatchUp(1));
  }
  request.set_filter(DearFilter(2));
  Watcher refused(server.Connect(), request);
  EXPECT_FALSE(refused.Next());
  const grpc::Status status = refused.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(status).reason, "WATCH_FILTERS_TOO_COSTLY");
  EXPECT_TRUE(DetailsOf(status).retry_delay.has_value());
  request.set_filter("labels.zone = eu");
  Watcher small(server.Connect(), request);
  EXPECT_TRUE(small.CatchUp(1));
}

TEST(QueryUndisturbedTest, EveryMethodThatTakesAFilterRefusesOneThatIsTooCostly) {
  QueryServer server;
  std::string filter = "host:abcdef";
  while (filter.size() < 3'900) filter += " OR host:abcdef";
  const auto channel = server.Connect();
  const auto stub = v1::RegistryService::NewStub(channel);
  const auto admin = v1::AdminService::NewStub(channel);
  const auto expect_refused = [](const char* method, const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
    EXPECT_EQ(DetailsOf(status).reason, "FILTER_TOO_COSTLY") << method;
  };
  {
    grpc::ClientContext context;
    v1::ListClientsRequest request;
    request.set_filter(filter);
    v1::ListClientsResponse response;
    expect_refused("ListClients", stub->ListClients(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    v1::ListTransitionsRequest request;
    request.set_filter(filter);
    v1::ListTransitionsResponse response;
    expect_refused("ListTransitions", stub->ListTransitions(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    v1::GetStatsRequest request;
    request.set_filter(filter);
    v1::GetStatsResponse response;
    expect_refused("GetStats", stub->GetStats(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    v1::SetMaintenanceRequest request;
    request.set_filter(filter);
    v1::SetMaintenanceResponse response;
    expect_refused("SetMaintenance", admin->SetMaintenance(&context, request, &response));
  }
  v1::WatchClientsRequest request;
  request.set_filter(filter);
  Watcher watcher(channel, request);
  EXPECT_FALSE(watcher.Next());
  expect_refused("WatchClients", watcher.Finish());
}

TEST(QueryUndisturbedTest, AQueryWhoseCallerIsGoneIsGivenUp) {
  QueryServer server;
  for (int i = 0; i < 20'000; ++i) server.Join("c" + std::to_string(i));
  const auto stub = v1::RegistryService::NewStub(server.Connect());
  // Fifty that each look at everything for as long as a filter may make it, and nobody waits.
  const double workers = CpuOf("live-worker");
  std::vector<std::thread> callers;
  for (int i = 0; i < 50; ++i) {
    callers.emplace_back([&, i] {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + milliseconds(30));
      v1::ListClientsRequest request;
      request.set_filter(DearFilter(i));
      v1::ListClientsResponse response;
      EXPECT_EQ(stub->ListClients(&context, request, &response).error_code(),
                grpc::StatusCode::DEADLINE_EXCEEDED);
    });
  }
  for (std::thread& each : callers) each.join();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(10));
  v1::ListClientsResponse response;
  EXPECT_TRUE(stub->ListClients(&context, {}, &response).ok());
  EXPECT_LT(CpuOf("live-worker") - workers, 2) << "50 of them would take some 5 s";
}

}  // namespace
}  // namespace liveness::testing
