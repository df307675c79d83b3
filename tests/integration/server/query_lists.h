// Lists asked of a server over real gRPC. Header only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/integration/server/query_server.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {

inline std::string Id(const std::string& prefix, int i) {
  std::string digits = std::to_string(i);
  return prefix + std::string(5 - digits.size(), '0') + digits;
}

class QueryListsTest : public ::testing::Test {
 protected:
  grpc::Status List(const v1::ListClientsRequest& request, v1::ListClientsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    response->Clear();
    return stub_->ListClients(&context, request, response);
  }
  grpc::Status List(const v1::ListTransitionsRequest& request, v1::ListTransitionsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    response->Clear();
    return stub_->ListTransitions(&context, request, response);
  }
  // All ids of all pages.
  std::vector<std::string> ListAll(v1::ListClientsRequest request, int* pages = nullptr) {
    std::vector<std::string> ids;
    v1::ListClientsResponse response;
    do {
      const grpc::Status status = List(request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const auto& client : response.clients()) ids.push_back(client.client_id());
      request.set_page_token(response.next_page_token());
      if (pages != nullptr) ++*pages;
    } while (!response.next_page_token().empty());
    return ids;
  }
  template <typename Request>
  std::string ReasonFor(const Request& request) {
    std::conditional_t<std::is_same_v<Request, v1::ListClientsRequest>, v1::ListClientsResponse,
                       v1::ListTransitionsResponse>
        response;
    const grpc::Status status = List(request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    const ErrorDetails details = DetailsOf(status);
    EXPECT_EQ(details.domain, "liveness");
    EXPECT_EQ(details.bad_request.field_violations_size(), 1);
    return details.reason;
  }

  QueryServer server_;
  std::unique_ptr<v1::RegistryService::Stub> stub_ = v1::RegistryService::NewStub(server_.Connect());
};

}  // namespace liveness::testing
