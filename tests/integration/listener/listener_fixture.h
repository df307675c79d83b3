// A livenessd and what it says of its listener. Header only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/raw_connection.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

// True as soon as `holds` is; false if it was not within a generous time.
template <typename Condition>
bool Eventually(Condition holds, seconds patience = seconds(30)) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= give_up) return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

class ListenerTest : public ::testing::Test {
 protected:
  void StartServer(std::vector<std::string> args = {}) {
    server_ = ServerProcess::Start(std::move(args));
    ASSERT_NE(server_, nullptr);
    channel_ = NewChannel(server_->address());
  }
  // With a limit of open files, soft and hard.
  void StartLimited(int files, std::vector<std::string> args = {}) {
    args.insert(args.end(), {"--listen=127.0.0.1:0", "--data-dir=:memory:"});
    server_ = ServerProcess::StartUnder({"/usr/bin/prlimit", "--nofile=" + std::to_string(files)}, args);
    ASSERT_NE(server_, nullptr);
    channel_ = NewChannel(server_->address());
  }
  const std::string& address() const { return server_->address(); }

  // Over `channel_`, a connection that stays.
  v1::ServerInfo Info() const {
    v1::ServerInfo info;
    grpc::ClientContext context;
    SetPatience(context);
    const auto status = v1::AdminService::NewStub(channel_)->GetServerInfo(&context, {}, &info);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return info;
  }
  v1::Listener Listener() const { return Info().listener(); }
  bool Serves() const {
    grpc::health::v1::HealthCheckResponse response;
    grpc::ClientContext context;
    SetPatience(context);
    const auto status = grpc::health::v1::Health::NewStub(channel_)->Check(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  }
  // Descriptors of the server's process.
  std::size_t Descriptors() const {
    const std::filesystem::directory_iterator fds("/proc/" + std::to_string(server_->pid()) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(fds), end(fds)));
  }
  // A new connection, a hello and a ping over it.
  static bool Beats(const std::string& address, const std::string& id) {
    HeartbeatStream stream(address);
    if (!stream.Join(HeartbeatStream::Hello(id, "1")) || !stream.Ping(1)) return false;
    const auto pong = stream.Receive();
    return pong && pong->has_pong();
  }
  static void SetPatience(grpc::ClientContext& context) {
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + seconds(30));
  }

  std::unique_ptr<ServerProcess> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace liveness::testing
