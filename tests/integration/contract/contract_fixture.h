// A livenessd and a bystander: a client that beats all through the test and must
// not notice anything of what is done to the server. Header only.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"

namespace liveness::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

// True as soon as `holds` is; false if it was not within `patience`.
template <typename Condition>
bool Eventually(Condition holds, milliseconds patience = HeartbeatStream::kPatience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= give_up) return false;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return true;
}

// Beats from construction to destruction. The deadline is generous: the machine
// may be slow, the server must not be.
class SteadyClient {
 public:
  SteadyClient(const std::string& address, const std::string& id) : stream_(address) {
    const auto welcome =
        stream_.Join(HeartbeatStream::Hello(id, "only", milliseconds(250), milliseconds(8000)));
    incarnation_ = welcome ? welcome->incarnation() : 0;
    thread_ = std::thread([this] {
      for (std::uint64_t sequence = 1; !stop_; ++sequence) {
        if (!stream_.Ping(sequence)) return;
        std::this_thread::sleep_for(milliseconds(250));
      }
    });
  }
  ~SteadyClient() {
    stop_ = true;
    thread_.join();
  }
  std::uint64_t incarnation() const { return incarnation_; }

 private:
  HeartbeatStream stream_;
  std::uint64_t incarnation_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class ContractTest : public ::testing::Test {
 protected:
  static constexpr char kBystander[] = "bystander";

  void StartServer(std::vector<std::string> args = {}) {
    server_ = ServerProcess::Start(std::move(args));
    ASSERT_NE(server_, nullptr);
    channel_ = NewChannel(server_->address());
    registry_ = v1::RegistryService::NewStub(channel_);
    admin_ = v1::AdminService::NewStub(channel_);
    bystander_ = std::make_unique<SteadyClient>(address(), kBystander);
    ASSERT_NE(bystander_->incarnation(), 0U);
  }

  // Every test ends with it: one who only beats has noticed nothing, and each
  // abnormal end has its one line in the log.
  void TearDown() override {
    if (bystander_ == nullptr) return;
    const v1::Client client = Get(kBystander);
    EXPECT_EQ(v1::State_Name(client.state()), "STATE_ALIVE");
    EXPECT_EQ(client.incarnation(), bystander_->incarnation());
    EXPECT_EQ(TransitionsOf(kBystander).size(), 1U);
    for (const auto& [reason, lines] : expected_lines_) {
      EXPECT_TRUE(Eventually([&] { return LogLines(reason) >= lines; })) << reason << "\n"
                                                                         << server_->StandardError();
      EXPECT_EQ(LogLines(reason), lines) << reason << "\n" << server_->StandardError();
    }
    bystander_.reset();
    // A channel without a call does not notice that its server wants to go.
    registry_.reset();
    admin_.reset();
    channel_.reset();
    EXPECT_EQ(server_->Stop(), 0) << server_->StandardError();
  }

  const std::string& address() const { return server_->address(); }

  // --- Ends of streams ---

  // `status` is an error of the contract's shape; its one log line is checked
  // at the end of the test.
  void ExpectError(const grpc::Status& status, grpc::StatusCode code, const std::string& reason) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_FALSE(status.error_message().empty());
    const ErrorDetails details = DetailsOf(status);
    EXPECT_EQ(details.reason, reason) << status.error_message();
    EXPECT_EQ(details.domain, "liveness");
  }
  void ExpectEnd(const grpc::Status& status, grpc::StatusCode code, const std::string& reason) {
    ExpectError(status, code, reason);
    ++expected_lines_[reason];
  }
  void ExpectEnd(HeartbeatStream& stream, grpc::StatusCode code, const std::string& reason) {
    const auto status = stream.End();
    ASSERT_TRUE(status.has_value()) << "still open, not " << reason;
    ExpectEnd(*status, code, reason);
  }
  int LogLines(const std::string& reason) const {
    const std::string log = server_->StandardError();
    const std::string wanted = "stream ended: " + reason + ": client ";
    int count = 0;
    for (auto at = log.find(wanted); at != std::string::npos; at = log.find(wanted, at + 1)) ++count;
    return count;
  }
  static std::vector<std::string> FieldsOf(const grpc::Status& status) {
    std::vector<std::string> fields;
    const ErrorDetails details = DetailsOf(status);
    for (const auto& violation : details.bad_request.field_violations()) {
      EXPECT_FALSE(violation.description().empty());
      fields.push_back(violation.field());
    }
    return fields;
  }

  // --- The registry ---

  v1::Client Get(const std::string& id) {
    v1::GetClientRequest request;
    request.set_name("clients/" + id);
    v1::Client client;
    grpc::ClientContext context;
    SetPatience(context);
    const grpc::Status status = registry_->GetClient(&context, request, &client);
    EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::NOT_FOUND) << status.error_message();
    return client;
  }
  bool Reaches(const std::string& id, v1::State state) {
    return Eventually([&] { return Get(id).state() == state; });
  }
  std::vector<v1::Transition> TransitionsOf(const std::string& id) {
    return Transitions("client_id = \"" + id + "\"");
  }
  std::vector<v1::Transition> Transitions(const std::string& filter) {
    std::vector<v1::Transition> all;
    v1::ListTransitionsRequest request;
    request.set_filter(filter);
    request.set_page_size(1000);
    do {
      v1::ListTransitionsResponse response;
      grpc::ClientContext context;
      SetPatience(context);
      const grpc::Status status = registry_->ListTransitions(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      all.insert(all.end(), response.transitions().begin(), response.transitions().end());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }
  static void SetPatience(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + seconds(30));
  }

  std::unique_ptr<ServerProcess> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RegistryService::Stub> registry_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
  std::unique_ptr<SteadyClient> bystander_;
  std::map<std::string, int> expected_lines_;
};

}  // namespace liveness::testing
