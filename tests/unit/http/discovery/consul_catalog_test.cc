#include <vector>

#include "tests/unit/http/discovery/discovery_fixture.h"

namespace liveness::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWeb[] = "/v1/health/service/web";

class ConsulCatalogTest : public DiscoveryTest {
 protected:
  ConsulCatalogTest() { Settle(); }

  static core::Labels Web(const std::string& zone = "eu") {
    return {{"addr", "10.0.0.7"}, {"metrics_port", "9100"}, {"service", "web"}, {"zone", zone}};
  }
  std::string Index(const std::string& path) { return Ask(path)->Field("X-Consul-Index"); }
};

TEST_F(ConsulCatalogTest, AServiceAndItsInstances) {
  Join("web-1", Web());
  EXPECT_EQ(Body("/v1/catalog/services"),
            "{\"web\":[\"addr=10.0.0.7\",\"metrics_port=9100\",\"service=web\",\"zone=eu\"]}\n");
  const std::string health = Body(kWeb);
  for (const char* part :
       {"\"Node\":{\"ID\":\"\",\"Node\":\"10.0.0.7\",\"Address\":\"10.0.0.7\",\"Datacenter\":\"liveness\"",
        "\"Service\":{\"ID\":\"web-1\",\"Service\":\"web\",\"Tags\":[\"addr=10.0.0.7\"",
        "\"Address\":\"10.0.0.7\",\"Meta\":{\"addr\":\"10.0.0.7\"", "\"Port\":9100",
        "\"CheckID\":\"liveness:web-1\"", "\"Status\":\"passing\",\"Output\":\"ALIVE\""}) {
    EXPECT_THAT(health, HasSubstr(part));
  }
  EXPECT_THAT(
      Body("/v1/catalog/service/web"),
      HasSubstr("\"ServiceID\":\"web-1\",\"ServiceName\":\"web\",\"ServiceTags\":[\"addr=10.0.0.7\""));
  EXPECT_EQ(Body("/v1/health/service/nobody"), "[]\n");
  EXPECT_EQ(Ask("/v1/health/service/")->response.status, 400);
  EXPECT_EQ(Body("/v1/catalog/datacenters"), "[\"liveness\"]\n");
  EXPECT_THAT(Body("/v1/agent/self"),
              HasSubstr("{\"Config\":{\"Datacenter\":\"liveness\",\"NodeName\":\"server-1\""));
  const auto answer = Ask(kWeb);
  EXPECT_EQ(answer->Field("X-Consul-Index"), std::to_string(harness_.registry.revision() + 1));
  EXPECT_EQ(answer->Field("X-Consul-KnownLeader"), "true");
}

TEST_F(ConsulCatalogTest, ChecksFollowStateAndHealth) {
  const Peer peer = Join("web-1", Web());
  const auto status = [&] {
    const std::string body = Body(kWeb);
    const std::size_t at = body.find("\"Status\":\"");
    return at == std::string::npos ? "" : body.substr(at + 10, body.find('"', at + 10) - at - 10);
  };
  EXPECT_EQ(status(), "passing");
  harness_.registry.SetStalled(peer.attached.session, peer.attached.attachment, true);
  EXPECT_EQ(status(), "critical");
  EXPECT_EQ(Body(kWeb, {{"passing", ""}}), "[]\n");
  harness_.registry.SetStalled(peer.attached.session, peer.attached.attachment, false);
  harness_.Close(peer);
  EXPECT_EQ(status(), "warning");
  EXPECT_EQ(Body(kWeb, {{"passing", "1"}}), "[]\n");
  EXPECT_EQ(Body(kWeb, {{"passing", "false"}}), Body(kWeb));
  const Peer back = Join("web-1", Web());
  EXPECT_EQ(status(), "passing");
  Die(back);
  EXPECT_EQ(status(), "critical");
  EXPECT_THAT(Body(kWeb), HasSubstr("\"Output\":\"DEAD: PROCESS_EXITED\""));
}

TEST_F(ConsulCatalogTest, WhoLeftIsNotListedNorWhoHasNoAddress) {
  Leave(Join("web-1", Web()));
  Join("web-2", {{"service", "web"}});
  EXPECT_EQ(Body(kWeb), "[]\n");
  EXPECT_EQ(Body("/v1/catalog/services"), "{}\n");
}

TEST_F(ConsulCatalogTest, TagsChooseAndWhatIsNotUnderstoodIsRefused) {
  Join("web-1", Web("eu"));
  Join("web-2", Web("us"));
  EXPECT_THAT(Body(kWeb, {{"tag", "zone=us"}}), Not(HasSubstr("web-1")));
  EXPECT_THAT(Body(kWeb, {{"tag", "zone=us"}}), HasSubstr("web-2"));
  EXPECT_EQ(Body(kWeb, {{"tag", "zone=us"}, {"tag", "zone=eu"}}), "[]\n");
  EXPECT_THAT(Body(kWeb, {{"stale", ""}, {"dc", "liveness"}, {"near", "_agent"}}), HasSubstr("web-2"));
  for (const auto& [name, value] : {std::pair{"filter", "Service.Meta.x == y"},
                                    {"node-meta", "a:b"},
                                    {"index", "x"},
                                    {"index", "-1"},
                                    {"index", ""},
                                    {"wait", "long"}}) {
    EXPECT_EQ(Ask(kWeb, {{name, value}})->response.status, 400) << name;
  }
}

TEST_F(ConsulCatalogTest, AKnownIndexWaitsForAChangeOfThatService) {
  const Peer peer = Join("web-1", Web());
  const auto waiting = Ask(kWeb, {{"index", Index(kWeb)}});
  EXPECT_FALSE(waiting->answered());
  Join("db-1", {{"addr", "a"}, {"metrics_port", "1"}, {"service", "db"}});
  EXPECT_FALSE(waiting->answered()) << "it is another's";
  harness_.registry.UpdateLabels(peer.attached.session, peer.attached.attachment, Web("us"));
  Publish();
  ASSERT_TRUE(waiting->answered());
  EXPECT_THAT(waiting->body(), HasSubstr("zone=us"));
  EXPECT_EQ(waiting->Field("X-Consul-Index"), std::to_string(harness_.registry.revision() + 1));
}

TEST_F(ConsulCatalogTest, NothingBetweenTwoQuestionsIsMissed) {
  const Peer peer = Join("web-1", Web());
  const std::string index = Index(kWeb);
  const auto first = Ask(kWeb, {{"index", index}});
  Die(peer);
  ASSERT_TRUE(first->answered());
  // While nobody asks.
  const std::string known = first->Field("X-Consul-Index");
  Join("web-2", Web());
  const auto second = Ask(kWeb, {{"index", known}});
  ASSERT_TRUE(second->answered());
  EXPECT_THAT(second->body(), HasSubstr("web-2"));
  Join("db-1", {{"addr", "a"}, {"metrics_port", "1"}, {"service", "db"}});
  EXPECT_FALSE(Ask(kWeb, {{"index", second->Field("X-Consul-Index")}})->answered())
      << "what happened to others meanwhile is no change";
}

TEST_F(ConsulCatalogTest, TheListWaitsForServicesToComeAndGoAndNotForTheirHealth) {
  const Peer peer = Join("web-1", Web());
  constexpr char kServices[] = "/v1/catalog/services";
  const auto waiting = Ask(kServices, {{"index", Index(kServices)}});
  harness_.registry.SetStalled(peer.attached.session, peer.attached.attachment, true);
  Publish();
  EXPECT_FALSE(waiting->answered());
  Leave(peer);
  ASSERT_TRUE(waiting->answered());
  EXPECT_EQ(waiting->body(), "{}\n");
}

TEST_F(ConsulCatalogTest, ThePatienceEndsAndIsBounded) {
  Join("web-1", Web());
  const std::string index = Index(kWeb);
  const auto waiting = Ask(kWeb, {{"index", index}, {"wait", "30s"}});
  for (int i = 0; i < 2; ++i) waiting->Pass(seconds(10));
  waiting->Pass(seconds(9));
  EXPECT_FALSE(waiting->answered());
  waiting->Pass(seconds(1));
  waiting->Pass(seconds(2));  // the jitter, a sixteenth at most
  ASSERT_TRUE(waiting->answered());
  EXPECT_EQ(waiting->response.status, 200);
  EXPECT_EQ(waiting->Field("X-Consul-Index"), index);

  const auto longest = Ask(kWeb, {{"index", index}, {"wait", "24h"}});
  for (int i = 0; i < 65 && !longest->answered(); ++i) longest->Pass(seconds(10));
  EXPECT_TRUE(longest->answered()) << "within ten minutes and a sixteenth";
}

TEST_F(ConsulCatalogTest, AnIndexOfAnotherHistoryIsAnsweredAtOnceWithALowerOne) {
  Join("web-1", Web());
  const auto answer = Ask(kWeb, {{"index", "18446744073709551615"}});
  ASSERT_TRUE(answer->answered());
  EXPECT_EQ(answer->response.status, 200);
  EXPECT_EQ(answer->Field("X-Consul-Index"), std::to_string(harness_.registry.revision() + 1));
  EXPECT_TRUE(Ask(kWeb, {{"index", "1"}})->answered()) << "what is long past too";
}

TEST_F(ConsulCatalogTest, WhoGoesIsForgottenAndTooManyAreRefused) {
  Join("web-1", Web());
  const std::string index = Index(kWeb);
  std::vector<std::shared_ptr<TimedExchange>> waiting;
  for (int i = 0; i < 1'000; ++i) waiting.push_back(Ask(kWeb, {{"index", index}}));
  const auto refused = Ask(kWeb, {{"index", index}});
  EXPECT_EQ(refused->response.status, 429);
  EXPECT_THAT(refused->body(), HasSubstr("TOO_MANY_WATCHERS"));
  waiting.back()->Leave();
  const auto last = Ask(kWeb, {{"index", index}});
  EXPECT_FALSE(last->answered());
  Join("web-2", Web());
  EXPECT_TRUE(last->answered());
  EXPECT_TRUE(waiting.front()->answered());
  EXPECT_FALSE(waiting.back()->answered());
  for (const auto& each : waiting) each->Leave();
}

}  // namespace
}  // namespace liveness::testing
