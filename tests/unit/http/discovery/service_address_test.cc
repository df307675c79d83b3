#include "server/http/discovery/service_address.h"

#include <gtest/gtest.h>

namespace liveness::http {
namespace {

core::ClientRecord Record(core::Labels labels, const std::string& host = "") {
  core::ClientInfo info;
  info.client_id = "web-1";
  info.labels = std::move(labels);
  info.host = host;
  core::ClientRecord record;
  record.info = core::PackedInfo(info);
  return record;
}

std::string Metrics(core::Labels labels, const std::string& host = "") {
  const auto address = MetricsAddress(Record(std::move(labels), host));
  return address ? address->HostPort() : "none";
}

TEST(ServiceAddressTest, TheConvention) {
  EXPECT_EQ(Metrics({{"addr", "10.0.0.7"}, {"metrics_port", "9100"}}), "10.0.0.7:9100");
  EXPECT_EQ(Metrics({{"host", "web-1.example"}, {"metrics_port", "9100"}}), "web-1.example:9100");
  EXPECT_EQ(Metrics({{"metrics_port", "9100"}}, "db_7"), "db_7:9100");
  EXPECT_EQ(Metrics({{"addr", "a"}, {"host", "b"}, {"metrics_port", "1"}}, "c"), "a:1");
  EXPECT_EQ(Metrics({{"addr", "fd00::7"}, {"metrics_port", "9100"}}), "[fd00::7]:9100");
  EXPECT_EQ(Metrics({{"addr", "[fd00::7]"}, {"metrics_port", "9100"}}), "[fd00::7]:9100");
}

TEST(ServiceAddressTest, WhatIsNoAddress) {
  EXPECT_EQ(Metrics({}), "none");
  EXPECT_EQ(Metrics({{"addr", "10.0.0.7"}}), "none");
  EXPECT_EQ(Metrics({{"metrics_port", "9100"}}), "none");
  for (const char* port : {"", "0", "65536", "-1", "9100x", " 9100", "http", "+1"}) {
    EXPECT_EQ(Metrics({{"addr", "a"}, {"metrics_port", port}}), "none") << port;
  }
  for (const char* host : {"", "a b", "a/b", "a:1", "10.0.0.7:9100", "user@a", "a\n", "[a]", "[]", "[::1",
                           "é", "::1%eth0", "gg::1", "a?x=1", "a#b"}) {
    EXPECT_EQ(Metrics({{"addr", host}, {"metrics_port", "1"}}), "none") << host;
  }
}

TEST(ServiceAddressTest, WhatItServesMayBeAtAnotherPort) {
  const auto port = [](core::Labels labels) { return ServingAddress(Record(std::move(labels)))->port; };
  EXPECT_EQ(port({{"addr", "a"}, {"metrics_port", "9100"}}), 9100);
  EXPECT_EQ(port({{"addr", "a"}, {"metrics_port", "9100"}, {"port", "80"}}), 80);
  EXPECT_EQ(port({{"addr", "a"}, {"port", "80"}}), 80);
  EXPECT_FALSE(ServingAddress(Record({{"addr", "a"}, {"metrics_port", "9100"}, {"port", "web"}})));
}

TEST(ServiceAddressTest, NamesOfLabels) {
  EXPECT_EQ(LabelName("zone"), "zone");
  EXPECT_EQ(LabelName("a.b/c-d é1"), "a_b_c_d___1");
}

}  // namespace
}  // namespace liveness::http
