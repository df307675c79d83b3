// Spans and moments at the ends of what the wire can write, through the RPCs.
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "common/keepalive.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "server/app/server_parts.h"
#include "server/auth/tls.h"
#include "server/storage/memory_store.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kYears290 = std::int64_t{290} * 365 * 24 * 3600;
constexpr std::int64_t kYear9999 = 253'402'300'799;
constexpr std::int64_t kYear1 = -62'135'596'800;

class ExtremesTest : public ::testing::Test {
 protected:
  ExtremesTest() {
    app::Config config;
    config.listen.text = "127.0.0.1:0";
    config.listen.addresses = {*net::ParseListenAddress(config.listen.text)};
    config.server_id = "s1";
    config.store = "memory";
    config.keepalive = common::StandardPreset();
    config.data_dir = app::kNoDataDir;
    auto store = std::make_unique<storage::MemoryStore>(common::SystemClock());
    auto contents = *store->Load();
    parts_ = std::make_unique<app::ServerParts>(
        config, nullptr, *auth::ServerTls::Load({}, common::SystemClock()),
        auth::AccessPolicy{.anonymous = auth::Actions::All()}, std::move(store), std::move(contents));
    parts_->AddServices();
    parts_->StartRegistry();
    const absl::Status listening = parts_->Listen(grpc::InsecureServerCredentials(), {});
    EXPECT_TRUE(listening.ok()) << listening;
    parts_->registry.BeginServing();
    channel_ = NewChannel(parts_->address);
    registry_ = v1::RegistryService::NewStub(channel_);
    admin_ = v1::AdminService::NewStub(channel_);
  }
  ~ExtremesTest() override {
    parts_->registry.BeginShutdown();
    parts_->engine.EndCalls();
  }

  static void Deadline(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }
  grpc::StatusCode Maintain(std::int64_t until) {
    grpc::ClientContext context;
    Deadline(context);
    v1::SetMaintenanceRequest request;
    request.set_name("clients/a");
    request.mutable_until_time()->set_seconds(until);
    v1::SetMaintenanceResponse response;
    return admin_->SetMaintenance(&context, request, &response).error_code();
  }
  v1::Client Get() {
    grpc::ClientContext context;
    Deadline(context);
    v1::GetClientRequest request;
    request.set_name("clients/a");
    v1::Client client;
    EXPECT_TRUE(registry_->GetClient(&context, request, &client).ok());
    return client;
  }
  std::size_t Count(const std::string& filter) {
    grpc::ClientContext context;
    Deadline(context);
    v1::ListClientsRequest request;
    request.set_filter(filter);
    v1::ListClientsResponse response;
    const grpc::Status status = registry_->ListClients(&context, request, &response);
    EXPECT_TRUE(status.ok()) << filter << ": " << status.error_message();
    return static_cast<std::size_t>(response.clients_size());
  }
  std::size_t CountTransitions(const std::string& filter) {
    grpc::ClientContext context;
    Deadline(context);
    v1::ListTransitionsRequest request;
    request.set_filter(filter);
    v1::ListTransitionsResponse response;
    const grpc::Status status = registry_->ListTransitions(&context, request, &response);
    EXPECT_TRUE(status.ok()) << filter << ": " << status.error_message();
    return static_cast<std::size_t>(response.transitions_size());
  }

  std::unique_ptr<app::ServerParts> parts_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RegistryService::Stub> registry_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

TEST_F(ExtremesTest, AHelloThatAsksForAges) {
  for (const std::int64_t seconds : {kYears290, kMost}) {
    HeartbeatStream stream(channel_);
    auto hello = HeartbeatStream::Hello("a", "i" + std::to_string(seconds));
    hello.mutable_hello()->mutable_interval()->set_seconds(seconds);
    hello.mutable_hello()->mutable_timeout()->set_seconds(seconds);
    hello.mutable_hello()->mutable_timeout()->set_nanos(999'999'999);
    const auto welcome = stream.Join(hello);
    ASSERT_TRUE(welcome.has_value());
    EXPECT_EQ(welcome->interval().seconds(), 3'600);
    EXPECT_EQ(welcome->timeout().seconds(), 24 * 3'600);
    v1::HeartbeatRequest ping;
    ping.mutable_ping()->set_sequence(1);
    ping.mutable_ping()->mutable_send_time()->set_seconds(kLeast);
    auto* token = ping.mutable_ping()->add_progress();
    token->set_name("loop");
    token->mutable_age()->set_seconds(kMost);
    token->mutable_deadline()->set_seconds(kYears290);
    ping.mutable_ping()->mutable_load()->mutable_scheduling_delay()->set_seconds(kLeast);
    ASSERT_TRUE(stream.Send(ping));
    EXPECT_TRUE(stream.Receive().has_value());
    EXPECT_EQ(Get().health(), v1::HEALTH_STALLED);
  }
}

TEST_F(ExtremesTest, AQualityOfAges) {
  HeartbeatStream stream(channel_);
  auto hello = HeartbeatStream::Hello("a", "i1");
  hello.mutable_hello()->clear_interval();
  hello.mutable_hello()->clear_timeout();
  hello.mutable_hello()->mutable_quality()->mutable_found_within()->set_seconds(kMost);
  hello.mutable_hello()->mutable_quality()->mutable_mistake_recurrence()->set_seconds(kYears290);
  const auto welcome = stream.Join(hello);
  ASSERT_TRUE(welcome.has_value());
  EXPECT_LE(welcome->timeout().seconds(), 24 * 3'600);
}

TEST_F(ExtremesTest, TimesBeforeAllTimeAreRefused) {
  HeartbeatStream stream(channel_);
  auto hello = HeartbeatStream::Hello("a", "i1");
  hello.mutable_hello()->mutable_timeout()->set_seconds(kLeast);
  EXPECT_FALSE(stream.Join(hello).has_value());
}

TEST_F(ExtremesTest, MaintenanceUntilTheEndOfTime) {
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "i1")).has_value());
  for (const std::int64_t until : {kYear9999, kMost, std::int64_t{9'223'372'036}}) {  // the last: April 2262
    EXPECT_EQ(Maintain(until), grpc::StatusCode::OK);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(Get().health(), v1::HEALTH_MAINTENANCE) << until;
  }
  for (const std::int64_t until : {kYear1, kLeast}) {
    EXPECT_EQ(Maintain(kYear9999), grpc::StatusCode::OK);
    EXPECT_EQ(Maintain(until), grpc::StatusCode::OK);
    EXPECT_EQ(Get().health(), v1::HEALTH_OK) << until;
  }
}

TEST_F(ExtremesTest, FiltersAndWatchesOfAges) {
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "i1")).has_value());
  EXPECT_EQ(Count("last_heartbeat_age < 2562047h"), 1u);
  EXPECT_EQ(Count("last_heartbeat_age > 2562047h"), 0u);
  EXPECT_EQ(Count("register_age < 2562047h47m"), 1u);
  EXPECT_EQ(Count("state_time > \"0001-01-01T00:00:00Z\""), 1u);
  EXPECT_EQ(Count("deadline_time < \"9999-12-31T23:59:59Z\""), 1u);
  EXPECT_EQ(Count("timeout < 2562047h"), 1u);
  EXPECT_EQ(CountTransitions("age < 2562047h"), 1u);
  EXPECT_EQ(CountTransitions("age > 2562047h"), 0u);
  EXPECT_EQ(CountTransitions("time > \"0001-01-01T00:00:00Z\" AND time < \"9999-12-31T23:59:59Z\""), 1u);

  grpc::ClientContext context;
  Deadline(context);
  v1::WatchClientsRequest request;
  request.mutable_bookmark_interval()->set_seconds(kMost);
  const auto watch = registry_->WatchClients(&context, request);
  v1::WatchClientsResponse response;
  bool bookmark = false;
  while (!bookmark && watch->Read(&response)) bookmark = response.bookmark();
  EXPECT_TRUE(bookmark) << "at least every 5 s";
  context.TryCancel();
}

TEST_F(ExtremesTest, ADrainOverAgesIsRefused) {
  for (const std::int64_t seconds : {kMost, kLeast, kYears290}) {
    grpc::ClientContext context;
    Deadline(context);
    v1::DrainServerRequest request;
    request.mutable_reconnect_within()->set_seconds(seconds);
    v1::DrainServerResponse response;
    EXPECT_EQ(admin_->DrainServer(&context, request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
}

}  // namespace
}  // namespace liveness::testing
