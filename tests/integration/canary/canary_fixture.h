// A livenessd, what it says of its canary, and clients that beat. Header only.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"

namespace liveness::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

// True as soon as `holds` is; false if it was not within a generous time.
template <typename Condition>
bool Eventually(Condition holds) {
  const auto give_up = std::chrono::steady_clock::now() + HeartbeatStream::kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= give_up) return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

// Joins, then beats from a thread of its own until it is destroyed; it is patient:
// whatever the server does, it neither closes nor reconnects.
class BeatingClient {
 public:
  BeatingClient(std::shared_ptr<grpc::Channel> channel, const std::string& id, milliseconds interval,
                milliseconds timeout)
      : stream_(std::move(channel)) {
    joined_ = stream_.Join(HeartbeatStream::Hello(id, "only", interval, timeout)).has_value();
    thread_ = std::thread([this, interval] {
      for (std::uint64_t sequence = 1; joined_ && !stop_; ++sequence) {
        if (!stream_.Ping(sequence)) return;
        std::this_thread::sleep_for(interval);
      }
    });
  }
  ~BeatingClient() {
    stop_ = true;
    thread_.join();
  }
  bool joined() const { return joined_; }

 private:
  HeartbeatStream stream_;
  std::atomic<bool> joined_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class CanaryTest : public ::testing::Test {
 protected:
  void StartServer(std::vector<std::string> args = {}) {
    server_ = ServerProcess::Start(std::move(args));
    ASSERT_NE(server_, nullptr);
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    clients_.clear();
    EXPECT_EQ(server_->Stop(), 0) << server_->StandardError();
  }

  // A connection of its own, by `credentials_`.
  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments args;
    if (!server_name_.empty()) args.SetSslTargetNameOverride(server_name_);
    return NewChannel(server_->address(), credentials_, args);
  }
  void StartClients(int count, milliseconds interval, milliseconds timeout) {
    for (int i = 0; i < count; ++i) {
      clients_.push_back(
          std::make_unique<BeatingClient>(Connect(), "c" + std::to_string(i), interval, timeout));
      ASSERT_TRUE(clients_.back()->joined());
    }
  }

  // --- What it says ---

  v1::ServerInfo Info() const {
    v1::ServerInfo info;
    grpc::ClientContext context;
    SetPatience(context);
    const auto status = v1::AdminService::NewStub(Connect())->GetServerInfo(&context, {}, &info);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return info;
  }
  bool CanaryIs(v1::CanaryState state) const {
    return Eventually([&] { return Info().canary().state() == state; });
  }
  v1::GetStatsResponse Stats() const {
    v1::GetStatsResponse stats;
    grpc::ClientContext context;
    SetPatience(context);
    const auto status = v1::RegistryService::NewStub(Connect())->GetStats(&context, {}, &stats);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return stats;
  }
  // What the health service says of the server itself.
  bool Serves() const {
    grpc::health::v1::HealthCheckResponse response;
    grpc::ClientContext context;
    SetPatience(context);
    const auto status = grpc::health::v1::Health::NewStub(Connect())->Check(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  }
  // All that history tells of whom, as `ID FROM>TO`.
  std::vector<std::string> Told() const {
    v1::ListTransitionsRequest request;
    request.set_page_size(1000);
    v1::ListTransitionsResponse response;
    grpc::ClientContext context;
    SetPatience(context);
    const auto status =
        v1::RegistryService::NewStub(Connect())->ListTransitions(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> told;
    for (const v1::Transition& each : response.transitions()) {
      told.push_back(each.client_id() + " " + v1::State_Name(each.from_state()).substr(6) + ">" +
                     v1::State_Name(each.to_state()).substr(6));
    }
    return told;
  }
  static double Seconds(const google::protobuf::Duration& span) {
    return static_cast<double>(span.seconds()) + span.nanos() * 1e-9;
  }
  static void SetPatience(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + seconds(30));
  }

  std::shared_ptr<grpc::ChannelCredentials> credentials_ = grpc::InsecureChannelCredentials();
  std::string server_name_;  // that its certificate has
  std::unique_ptr<ServerProcess> server_;
  std::vector<std::unique_ptr<BeatingClient>> clients_;
};

}  // namespace liveness::testing
