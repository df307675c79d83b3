// A livenessd on a data directory of its own, and what GetServerInfo says of it. Header only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "liveness/v1/admin_service.grpc.pb.h"
#include "tests/support/heartbeat_stream.h"
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

class OperatedServerTest : public ::testing::Test {
 protected:
  void StartServer(std::vector<std::string> args = {}) {
    args.push_back("--data-dir=" + dir_.path().string());
    server_ = ServerProcess::Start(std::move(args));
    ASSERT_NE(server_, nullptr);
  }
  // A connection of its own, by `credentials_`.
  std::shared_ptr<grpc::Channel> Connect() const { return NewChannel(server_->address(), credentials_); }
  v1::ServerInfo Info() const {
    v1::ServerInfo info;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(20));
    const auto status = v1::AdminService::NewStub(Connect())->GetServerInfo(&context, {}, &info);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return info;
  }
  // The kinds of all incidents, without their prefix, oldest first.
  static std::vector<std::string> Kinds(const v1::ServerInfo& info) {
    std::vector<std::string> kinds;
    for (const v1::Incident& each : info.incidents()) {
      kinds.push_back(v1::IncidentKind_Name(each.kind()).substr(std::string("INCIDENT_KIND_").size()));
    }
    return kinds;
  }
  bool LogSays(const std::string& text) const {
    return Eventually([&] { return server_->StandardError().find(text) != std::string::npos; });
  }

  const TempDir dir_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_ = grpc::InsecureChannelCredentials();
  std::unique_ptr<ServerProcess> server_;
};

}  // namespace liveness::testing
