// A livenessd with HTTP and a client that beats all through the test. Header only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/contract/contract_fixture.h"
#include "tests/support/http_connection.h"

namespace liveness::testing {

class HttpTest : public ContractTest {
 protected:
  void StartHttp(std::vector<std::string> args = {}) {
    args.push_back("--http-listen=127.0.0.1:0");
    StartServer(std::move(args));
    ASSERT_FALSE(server_->http_address().empty());
  }
  const std::string& http() const { return server_->http_address(); }
  // On a connection of its own.
  HttpAnswer Fetch(const std::string& target, const std::string& fields = "") const {
    return HttpConnection(http()).Get(target, fields);
  }
  HttpAnswer Post(const std::string& target, const std::string& body) const {
    return HttpConnection(http()).Post(target, body);
  }
};

}  // namespace liveness::testing
