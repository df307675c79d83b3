// Discovery of the real binary: blocking queries that are answered, given up and ended, and what is refused.
#include <memory>
#include <vector>

#include "tests/integration/http/http_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kWeb[] = "/v1/health/service/web";

class HttpDiscovery : public HttpTest {
 protected:
  void SetUp() override { StartHttp({"--store=memory", "--restart-grace=1ms"}); }

  std::unique_ptr<HeartbeatStream> Join(const std::string& id) {
    auto stream = std::make_unique<HeartbeatStream>(address());
    v1::HeartbeatRequest hello =
        HeartbeatStream::Hello(id, "1", std::chrono::seconds(60), std::chrono::seconds(120));
    auto& labels = *hello.mutable_hello()->mutable_labels();
    labels["addr"] = "127.0.0.1";
    labels["metrics_port"] = "9100";
    labels["service"] = "web";
    EXPECT_TRUE(stream->Join(hello));
    return stream;
  }
  // So many queries that wait for a change of the service, a connection each.
  std::vector<std::unique_ptr<HttpConnection>> Wait(int count, const std::string& index) {
    std::vector<std::unique_ptr<HttpConnection>> waiting;
    for (int i = 0; i < count; ++i) {
      waiting.push_back(std::make_unique<HttpConnection>(http()));
      EXPECT_TRUE(waiting.back()->Ask("GET", std::string(kWeb) + "?wait=10m&index=" + index));
    }
    return waiting;
  }
};

TEST_F(HttpDiscovery, AChangeAnswersThoseWhoWaitAndNobodyMindsThoseWhoWent) {
  const auto first = Join("web-1");
  EXPECT_THAT(Fetch("/sd").body, HasSubstr("\"127.0.0.1:9100\""));
  const std::string index = Fetch(kWeb).fields["X-Consul-Index"];
  ASSERT_FALSE(index.empty());
  auto waiting = Wait(20, index);
  waiting.resize(10);
  EXPECT_EQ(Fetch("/livez").status, 200);
  const auto second = Join("web-2");
  for (const auto& connection : waiting) {
    const HttpAnswer answer = connection->ReadAnswer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr("web-2"));
    EXPECT_NE(answer.fields.at("X-Consul-Index"), index);
  }
}

TEST_F(HttpDiscovery, AServerThatStopsWaitsForNobody) {
  const auto client = Join("web-1");
  const auto waiting = Wait(3, Fetch(kWeb).fields["X-Consul-Index"]);
  EXPECT_EQ(Fetch("/livez").status, 200);
  bystander_ = nullptr;
  EXPECT_EQ(server_->Stop(), 0);
}

TEST_F(HttpDiscovery, BadParametersAreNamed) {
  for (const char* target :
       {"/sd?filter=zone%20%3D", "/sd?dead_grace=-1s", "/v1/health/service/web?index=1x",
        "/v1/health/service/web?index=99999999999999999999", "/v1/catalog/services?wait=x",
        "/v1/catalog/service/web?filter=x", "/v1/health/service/"}) {
    const HttpAnswer answer = Fetch(target);
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_THAT(answer.body, HasSubstr("\"code\":\"INVALID_ARGUMENT\"")) << target;
  }
  EXPECT_EQ(Fetch("/v1/kv/secret").status, 404);
  EXPECT_EQ(Post("/v1/catalog/services", "{}").status, 405);
  EXPECT_EQ(Fetch("/v1/health/service/..%2F..%2Fetc").body, "[]\n") << "a name like any other";
}

}  // namespace
}  // namespace liveness::testing
