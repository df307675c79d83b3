#include "tests/unit/http/discovery/discovery_fixture.h"

namespace liveness::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class PrometheusTargetsTest : public DiscoveryTest {};

core::Labels At(const std::string& port) { return {{"addr", "10.0.0.7"}, {"metrics_port", port}}; }

TEST_F(PrometheusTargetsTest, AGroupPerClientWithItsLabels) {
  Settle();
  Join("web/\"1\"",
       {{"a.b", "dot"}, {"a_b", "line"}, {"addr", "10.0.0.7"}, {"metrics_port", "9100"}, {"zone", "eu"}});
  const auto answer = Ask("/sd");
  EXPECT_EQ(answer->response.status, 200);
  EXPECT_EQ(answer->response.content_type, "application/json");
  EXPECT_EQ(answer->body(),
            "[{\"targets\":[\"10.0.0.7:9100\"],\"labels\":{"
            "\"__meta_liveness_client_id\":\"web/\\\"1\\\"\",\"__meta_liveness_instance_id\":\"i1\","
            "\"__meta_liveness_state\":\"ALIVE\",\"__meta_liveness_health\":\"OK\","
            "\"__meta_liveness_version\":\"\",\"__meta_liveness_server_id\":\"server-1\","
            "\"__meta_liveness_label_a_b\":\"dot\",\"__meta_liveness_label_addr\":\"10.0.0.7\","
            "\"__meta_liveness_label_metrics_port\":\"9100\",\"__meta_liveness_label_zone\":\"eu\"}}]\n");
}

TEST_F(PrometheusTargetsTest, NobodyIsAnEmptyListAndWhoHasNoAddressIsLeftOut) {
  Settle();
  EXPECT_EQ(Body("/sd"), "[]\n");
  Join("silent", {{"zone", "eu"}});
  EXPECT_EQ(Body("/sd"), "[]\n");
}

TEST_F(PrometheusTargetsTest, TheDeadStayForTheirGraceAndWhoLeftGoesAtOnce) {
  Settle();
  const Peer dead = Join("dead", At("1"));
  const Peer left = Join("left", At("2"));
  Die(dead);
  Leave(left);
  EXPECT_THAT(Body("/sd"), HasSubstr("\"__meta_liveness_state\":\"DEAD\""));
  EXPECT_THAT(Body("/sd"), Not(HasSubstr("10.0.0.7:2")));
  harness_.clock.Advance(minutes(10) - seconds(1));
  EXPECT_THAT(Body("/sd"), HasSubstr("10.0.0.7:1"));
  EXPECT_EQ(Body("/sd", {{"dead_grace", "1m"}}), "[]\n");
  harness_.clock.Advance(seconds(1));
  EXPECT_EQ(Body("/sd"), "[]\n");
  EXPECT_THAT(Body("/sd", {{"dead_grace", "1h"}}), HasSubstr("10.0.0.7:1"));
  EXPECT_EQ(Body("/sd", {{"dead_grace", "0s"}}), "[]\n");
}

TEST_F(PrometheusTargetsTest, AFilterChooses) {
  Settle();
  Join("a", {{"addr", "a"}, {"metrics_port", "1"}, {"zone", "eu"}});
  Join("b", {{"addr", "b"}, {"metrics_port", "1"}, {"zone", "us"}});
  EXPECT_THAT(Body("/sd", {{"filter", "labels.zone = us"}}), HasSubstr("[{\"targets\":[\"b:1\"]"));
  const auto bad = Ask("/sd", {{"filter", "zone ="}});
  EXPECT_EQ(bad->response.status, 400);
  EXPECT_THAT(bad->body(), HasSubstr("BAD_FILTER"));
  EXPECT_EQ(Ask("/sd", {{"dead_grace", "soon"}})->response.status, 400);
}

TEST_F(PrometheusTargetsTest, AllOfManyInOrder) {
  Settle();
  for (int i = 0; i < 20'000; ++i) {
    harness_.Attach("c" + std::to_string(100'000 + i), "i1", std::nullopt, At(std::to_string(1 + i)));
  }
  const std::string body = Body("/sd");
  std::size_t at = 0;
  for (int i = 0; i < 20'000; ++i) {
    at = body.find("\"10.0.0.7:" + std::to_string(1 + i) + "\"", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

}  // namespace
}  // namespace liveness::testing
