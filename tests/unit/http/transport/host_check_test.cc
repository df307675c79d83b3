#include "server/http/transport/host_check.h"

#include <gtest/gtest.h>

#include <string>

namespace liveness::http {
namespace {

using std::string_literals::operator""s;

TEST(HostCheck, AddressesAndLocalNamesAreOurs) {
  for (const char* host : {"localhost", "LOCALHOST:80", "127.0.0.1", "192.168.0.7:7780", "[::1]",
                           "[fe80::1]:7780", "livenessd", "my_host-1:9", "a.example", "A.Example:1"}) {
    EXPECT_TRUE(IsOurHost(host, {"a.example"})) << host;
  }
}

TEST(HostCheck, NamesThatAResolverMayKnowAreNot) {
  for (const char* host :
       {"", ":80", "b.example", "a.example.com", "127.0.0.1.nip.io", "1.2.3", "[::1", "::1", "a b", "a/b",
        "user@localhost", "localhost.", "localhost:80x", "[evil.example]"}) {
    EXPECT_FALSE(IsOurHost(host, {"a.example"})) << host;
  }
}

TEST(HostCheck, NoAddressHasAnythingBehindIt) {
  EXPECT_FALSE(IsOurHost("127.0.0.1\0.evil.example"s, {}));
  EXPECT_FALSE(IsOurHost("[::1\0.evil.example]"s, {}));
}

TEST(HostCheck, AnOriginHasAHost) {
  EXPECT_EQ(HostOfOrigin("http://a:7780"), "a:7780");
  EXPECT_EQ(HostOfOrigin("https://[::1]"), "[::1]");
  EXPECT_EQ(HostOfOrigin("null"), "");
}

}  // namespace
}  // namespace liveness::http
