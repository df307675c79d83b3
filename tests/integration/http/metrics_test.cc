// What a server counts of what is done to it.
#include "tests/integration/http/http_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

class HttpMetrics : public HttpTest {
 protected:
  // The value behind `series`; empty if it is not there.
  std::string Value(const std::string& series) const {
    const std::string text = Fetch("/metrics").body;
    const std::size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + series.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  bool Becomes(const std::string& series, const std::string& value) const {
    return Eventually([&] { return Value(series) == value; });
  }
  std::string Handled(const std::string& method, const std::string& code) const {
    return Value("liveness_rpc_handled_total{method=\"liveness.v1." + method + "\",code=\"" + code + "\"}");
  }
};

TEST_F(HttpMetrics, AreTextAndOnlyRead) {
  StartHttp();
  const HttpAnswer answer = Fetch("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.fields.at("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("\n# TYPE liveness_clients gauge\n"));
  EXPECT_EQ(Post("/metrics", "{}").status, 405);
}

TEST_F(HttpMetrics, ClientsByStateHealthAndLabel) {
  StartHttp({"--metrics-label=zone"});
  EXPECT_EQ(Value("liveness_clients{state=\"ALIVE\",health=\"OK\"}"), "1");
  HeartbeatStream stream(address());
  v1::HeartbeatRequest hello = HeartbeatStream::Hello("a", "1");
  (*hello.mutable_hello()->mutable_labels())["zone"] = "eu";
  ASSERT_TRUE(stream.Join(hello));
  EXPECT_EQ(Value("liveness_clients{state=\"ALIVE\",health=\"OK\"}"), "2");
  EXPECT_EQ(Value("liveness_clients_by_label{label=\"zone\",value=\"eu\",state=\"ALIVE\"}"), "1");
  EXPECT_EQ(Value("liveness_streams"), "2");
  ASSERT_TRUE(stream.Goodbye());
  EXPECT_TRUE(Becomes("liveness_clients{state=\"LEFT\",health=\"OK\"}", "1"));
  EXPECT_TRUE(Becomes("liveness_transitions_total{to_state=\"LEFT\",cause=\"SAID_GOODBYE\"}", "1"));
  EXPECT_EQ(Value("liveness_clients_by_label{label=\"zone\",value=\"eu\",state=\"LEFT\"}"), "1");
}

TEST_F(HttpMetrics, CallsByMethodAndHowTheyEnded) {
  StartHttp();
  EXPECT_EQ(Handled("RegistryService/GetClient", "OK"), "0");
  EXPECT_EQ(Fetch("/api/v1/clients/nobody").status, 404);
  EXPECT_EQ(Fetch("/api/v1/clients/bystander").status, 200);
  EXPECT_EQ(Handled("RegistryService/GetClient", "NOT_FOUND"), "1");
  EXPECT_EQ(Handled("RegistryService/GetClient", "OK"), "1");
  EXPECT_EQ(Value("liveness_rpc_handling_seconds_count{method=\"liveness.v1.RegistryService/GetClient\"}"),
            "2");
}

TEST_F(HttpMetrics, AWatchThatIsGivenUpIsItsCallersWish) {
  StartHttp();
  const std::string started =
      "liveness_rpc_started_total{method=\"liveness.v1.RegistryService/WatchClients\"}";
  {
    grpc::ClientContext context;
    const auto watch = registry_->WatchClients(&context, v1::WatchClientsRequest());
    v1::WatchClientsResponse first;
    ASSERT_TRUE(watch->Read(&first));
    EXPECT_EQ(Value(started), "1");
    EXPECT_EQ(Value("liveness_watchers"), "1");
    context.TryCancel();
    (void)watch->Finish();
  }
  EXPECT_TRUE(Eventually([&] { return Handled("RegistryService/WatchClients", "CANCELLED") == "1"; }));
  EXPECT_EQ(Handled("RegistryService/WatchClients", "OK"), "0");
  EXPECT_TRUE(Becomes("liveness_watchers", "0"));
}

TEST_F(HttpMetrics, AHeartbeatStreamThatBreaksIsCancelled) {
  StartHttp();
  {
    HeartbeatStream stream(address());
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1")));
  }
  EXPECT_TRUE(Eventually([&] { return Handled("HeartbeatService/Heartbeat", "CANCELLED") == "1"; }));
  EXPECT_EQ(Handled("HeartbeatService/Heartbeat", "OK"), "0");
  EXPECT_EQ(Value("liveness_rpc_started_total{method=\"liveness.v1.HeartbeatService/Heartbeat\"}"), "2");
}

TEST_F(HttpMetrics, SayWhetherItIsReady) {
  StartHttp();
  EXPECT_EQ(Value("liveness_ready"), "1");
  EXPECT_EQ(Value("liveness_not_ready{reason=\"STORE_UNAVAILABLE\"}"), "0");
  EXPECT_EQ(Value("liveness_store_up"), "1");
  EXPECT_NE(Value("process_resident_memory_bytes"), "");
}

}  // namespace
}  // namespace liveness::testing
