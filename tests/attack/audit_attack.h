// A server whose audit log is attacked: who may read it, who makes noise, who beats on. Header only.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/attack/attacked_server.h"
#include "tests/support/http_connection.h"

namespace liveness::testing {

class AuditAttack : public AttackTest {
 protected:
  void SetUp() override { StartWith({}); }
  void StartWith(std::vector<std::string> flags) {
    flags.push_back("--http-listen=127.0.0.1:0");
    flags.push_back("--http-admin");
    flags.push_back("--token-file=" + Write("tokens.toml", Tokens()));
    Start(std::move(flags));
    bystander_.emplace(Channel(), "orders", TokenOf("orders"));
    ASSERT_TRUE(bystander_->welcomed());
  }
  void TearDown() override { EXPECT_EQ(bystander_->End(Millis(0)), std::nullopt); }

  static std::string Tokens() {
    return TokenEntry("ops", "\"view\", \"admin\"") + TokenEntry("other", "\"view\", \"admin\"") +
           TokenEntry("viewer", "\"view\"") + TokenEntry("orders", "\"beat\"") +
           TokenEntry("evil", "\"beat\"");
  }

  grpc::Status Evict(const std::string& id, const std::string& token, bool forget = false) const {
    v1::AdminService::Stub stub(Channel());
    v1::EvictClientRequest request;
    request.set_name("clients/" + id);
    request.set_reason("a test");
    request.set_forget(forget);
    v1::Client client;
    return Call(stub, &v1::AdminService::Stub::EvictClient, request, client, token);
  }
  grpc::Status Drain(bool begin, const std::string& token) const {
    v1::AdminService::Stub stub(Channel());
    if (begin) {
      v1::DrainServerResponse response;
      return Call(stub, &v1::AdminService::Stub::DrainServer, v1::DrainServerRequest(), response, token);
    }
    v1::UndrainServerResponse response;
    return Call(stub, &v1::AdminService::Stub::UndrainServer, v1::UndrainServerRequest(), response, token);
  }
  grpc::Status View(const std::string& token) const {
    v1::RegistryService::Stub stub(Channel());
    v1::GetStatsResponse response;
    return Call(stub, &v1::RegistryService::Stub::GetStats, v1::GetStatsRequest(), response, token);
  }
  grpc::Status List(const std::string& filter, const std::string& token,
                    v1::ListAuditEventsResponse& response) const {
    v1::AdminService::Stub stub(Channel());
    v1::ListAuditEventsRequest request;
    request.set_filter(filter);
    request.set_page_size(1000);
    return Call(stub, &v1::AdminService::Stub::ListAuditEvents, request, response, token);
  }
  // The newest first.
  std::vector<v1::AuditEvent> Events(const std::string& filter) const {
    v1::ListAuditEventsResponse response;
    const grpc::Status status = List(filter, TokenOf("ops"), response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.audit_events().begin(), response.audit_events().end()};
  }
  // The one entry that matches; empty if it is not one.
  v1::AuditEvent Only(const std::string& filter) const {
    const auto events = Events(filter);
    EXPECT_EQ(events.size(), 1U) << filter;
    return events.size() == 1 ? events[0] : v1::AuditEvent();
  }
  HttpAnswer Fetch(const std::string& target, const std::string& token) const {
    return HttpConnection(server_->http_address()).Get(target, "Authorization: Bearer " + token + "\r\n");
  }
  static std::vector<std::string> LinesOf(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777 : 0;
  }

  std::optional<Bystander> bystander_;
};

}  // namespace liveness::testing
