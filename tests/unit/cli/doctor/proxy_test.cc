#include "client/cli/doctor/proxy.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace liveness::cli::doctor {
namespace {

Proxy For(const std::string& host, const std::map<std::string, std::string>& variables) {
  return ProxyFor(host, [&variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(DoctorProxy, NoVariableNoProxy) {
  EXPECT_EQ(For("db-1", {}).facts.variable, "");
  EXPECT_EQ(For("db-1", {{"http_proxy", ""}}).facts.variable, "");
}

TEST(DoctorProxy, GrpcsVariableGoesBeforeTheOthers) {
  const Proxy proxy =
      For("db-1", {{"http_proxy", "http://c:3"}, {"https_proxy", "http://b:2"}, {"grpc_proxy", "a:1"}});
  EXPECT_EQ(proxy.facts.variable, "grpc_proxy");
  EXPECT_EQ(proxy.facts.address, "a:1");
  EXPECT_EQ(For("db-1", {{"http_proxy", "http://c:3/"}, {"https_proxy", "http://b:2"}}).facts.address, "b:2");
  EXPECT_EQ(For("db-1", {{"http_proxy", "http://c:3/"}}).facts.address, "c:3");
}

TEST(DoctorProxy, ThePasswordIsNoPartOfWhatIsShown) {
  const Proxy proxy = For("db-1", {{"http_proxy", "http://me:secret@proxy:3128"}});
  EXPECT_EQ(proxy.facts.address, "proxy:3128");
  EXPECT_EQ(proxy.credentials, "me:secret");
}

TEST(DoctorProxy, HostsMayBeExempt) {
  const std::map<std::string, std::string> variables = {{"http_proxy", "p:1"},
                                                        {"no_proxy", "localhost, .example.com"}};
  EXPECT_TRUE(For("localhost", variables).facts.is_exempt);
  EXPECT_TRUE(For("db-1.example.com", variables).facts.is_exempt);
  EXPECT_FALSE(For("db-1", variables).facts.is_exempt);
  EXPECT_FALSE(For("localhost", {{"http_proxy", "p:1"}, {"no_proxy", "localhost"}, {"no_grpc_proxy", "db-1"}})
                   .facts.is_exempt)
      << "$no_grpc_proxy stands in place of $no_proxy";
}

}  // namespace
}  // namespace liveness::cli::doctor
