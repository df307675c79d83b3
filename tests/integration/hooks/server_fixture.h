// Servers with hooks, their receiver in the test. Header only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/hook_receiver.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {

class HookedServers : public ::testing::Test {
 protected:
  using Events = std::vector<HookReceiver::Event>;

  // What `[[hook]]` tables the servers are given from their next start or SIGHUP on.
  void WriteHooks(const std::string& tables) { std::ofstream(dir_.file("livenessd.toml")) << tables; }
  std::string HookTo(const std::string& name, const std::string& more = "") const {
    return "[[hook]]\nname = \"" + name + "\"\nurl = \"" + receiver_.Url("/" + name) +
           "\"\nallow-private = true\n" + more;
  }
  std::unique_ptr<ServerProcess> Start(std::vector<std::string> args = {}) const {
    args.push_back("--config=" + dir_.file("livenessd.toml"));
    bool has_store = false;
    for (const std::string& arg : args) has_store |= arg.starts_with("--store");
    if (!has_store) args.push_back("--data-dir=" + dir_.file("data"));
    return ServerProcess::Start(args);
  }

  static v1::ServerInfo InfoOf(const ServerProcess& server) {
    const auto stub = v1::AdminService::NewStub(NewChannel(server.address()));
    grpc::ClientContext context;
    v1::ServerInfo info;
    EXPECT_TRUE(stub->GetServerInfo(&context, {}, &info).ok());
    return info;
  }
  static v1::Hook HookOf(const ServerProcess& server, const std::string& name) {
    const v1::ServerInfo info = InfoOf(server);
    for (const v1::Hook& hook : info.hooks()) {
      if (hook.name() == name) return hook;
    }
    return {};
  }
  static bool Eventually(const std::function<bool()>& condition,
                         std::chrono::seconds patience = std::chrono::seconds(60)) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  // The hook has its place: what happens from now on is its.
  static bool AwaitBegun(const ServerProcess& server, const std::string& name) {
    return Eventually([&] { return HookOf(server, name).revision() != 0; });
  }

  // So many clients come and leave: two transitions each.
  static void ComeAndGo(const std::string& address, const std::string& prefix, int clients) {
    const auto channel = NewChannel(address);
    constexpr int kAtOnce = 50;
    for (int n = 0; n < clients;) {
      std::vector<std::unique_ptr<HeartbeatStream>> streams;
      const int end = std::min(clients, n + kAtOnce);
      for (int i = n; i < end; ++i) {
        streams.push_back(std::make_unique<HeartbeatStream>(channel));
        (void)streams.back()->Send(HeartbeatStream::Hello(prefix + std::to_string(i), "i"));
      }
      for (auto& stream : streams) {
        if (stream->Receive()) (void)stream->Goodbye();
      }
      for (auto& stream : streams) {
        const auto end = stream->End();
        if (end && !end->ok()) ADD_FAILURE() << end->error_code() << " " << end->error_message();
      }
      n = end;
    }
  }

  // The revisions of all transitions that history holds.
  static std::set<std::uint64_t> History(const std::string& address) {
    const auto stub = v1::RegistryService::NewStub(NewChannel(address));
    std::set<std::uint64_t> revisions;
    v1::ListTransitionsRequest request;
    request.set_page_size(1'000);
    do {
      grpc::ClientContext context;
      v1::ListTransitionsResponse response;
      const grpc::Status status = stub->ListTransitions(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      for (const v1::Transition& each : response.transitions()) revisions.insert(each.revision());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return revisions;
  }
  static std::set<std::uint64_t> RevisionsOf(const Events& events) {
    std::set<std::uint64_t> revisions;
    for (const auto& event : events) {
      if (event.subject.starts_with("clients/")) revisions.insert(event.revision);
    }
    return revisions;
  }
  // Waits until all that history holds was taken; returns what is missing.
  std::set<std::uint64_t> AwaitAll(const ServerProcess& server,
                                   std::chrono::seconds patience = std::chrono::seconds(120)) const {
    std::set<std::uint64_t> missing;
    (void)Eventually(
        [&] {
          missing = History(server.address());
          for (const std::uint64_t revision : RevisionsOf(receiver_.Taken())) missing.erase(revision);
          return missing.empty();
        },
        patience);
    return missing;
  }
  static std::vector<std::string> Subjects(const Events& events) {
    std::vector<std::string> subjects;
    for (const auto& event : events) subjects.push_back(event.subject);
    return subjects;
  }

  TempDir dir_;
  HookReceiver receiver_;
};

}  // namespace liveness::testing
