// The RPCs as JSON: the same names, the same errors.
#include "tests/integration/http/http_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HttpApi : public HttpTest {};

TEST_F(HttpApi, ProbesSayHowItIs) {
  StartHttp();
  EXPECT_EQ(Fetch("/livez").body, "{\"live\":true,\"reasons\":[]}\n");
  EXPECT_EQ(Fetch("/readyz").body, "{\"ready\":true,\"reasons\":[]}\n");
  const HttpAnswer head = [&] {
    HttpConnection connection(http());
    connection.Ask("HEAD", "/readyz");
    return connection.ReadAnswer(true);
  }();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.fields.at("Content-Length"), "28");
}

TEST_F(HttpApi, AServerThatDrainsIsNotReadyAndSaysWhy) {
  StartHttp({"--http-admin"});
  EXPECT_EQ(Post("/api/v1/server:drain", "{\"reconnect_within\":\"60s\"}").status, 200);
  const HttpAnswer ready = Fetch("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("\"reason\":\"DRAINING\""));
  EXPECT_EQ(Fetch("/livez").status, 200) << "a drain is nothing that a restart mends";
  EXPECT_EQ(Post("/api/v1/server:undrain", "{}").body, "{\"was_draining\":true}\n");
  EXPECT_EQ(Fetch("/readyz").status, 200);
}

TEST_F(HttpApi, ListsAndClientsAreThoseOfTheRpcs) {
  StartHttp();
  EXPECT_THAT(Fetch("/api/v1/clients?filter=state%20%3D%20ALIVE").body,
              HasSubstr("\"client_id\":\"bystander\""));
  EXPECT_THAT(Fetch("/api/v1/clients?filter=state+%3D+DEAD").body, HasSubstr("\"clients\":[]"));
  EXPECT_THAT(Fetch("/api/v1/clients/bystander").body, HasSubstr("\"state\":\"STATE_ALIVE\""));
  EXPECT_THAT(Fetch("/api/v1/transitions?order_by=revision%20desc&page_size=1").body,
              HasSubstr("\"to_state\":\"STATE_ALIVE\""));
  EXPECT_THAT(Fetch("/api/v1/stats").body, HasSubstr("\"alive\":\"1\""));
  EXPECT_THAT(Fetch("/api/v1/server").body, HasSubstr(server_->address()));
  EXPECT_THAT(Fetch("/api/v1/features").body, HasSubstr("\"admin\":false"));
}

TEST_F(HttpApi, AnIdIsAllThatFollows) {
  StartHttp();
  HeartbeatStream stream(address());
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("eu/web 1:evict", "1")));
  EXPECT_THAT(Fetch("/api/v1/clients/eu%2Fweb%201%3Aevict").body,
              HasSubstr("\"client_id\":\"eu/web 1:evict\""));
  EXPECT_EQ(Fetch("/api/v1/clients/eu/web%201:evict").status, 200);
}

TEST_F(HttpApi, ErrorsAreThoseOfTheRpcs) {
  StartHttp();
  const HttpAnswer filter = Fetch("/api/v1/clients?filter=state%20=%20(");
  EXPECT_EQ(filter.status, 400);
  EXPECT_THAT(filter.body, HasSubstr("\"reason\":\"BAD_FILTER\""));
  EXPECT_THAT(filter.body, HasSubstr("\"field\":\"filter\",\"description\":\"column 9"));
  EXPECT_EQ(Fetch("/api/v1/clients/nobody").status, 404);
  EXPECT_EQ(Fetch("/api/v1/clients?page_size=-1").status, 400);
  for (const char* query : {"page_size=x", "page_size=1&page_size=2", "colour=red", "view=RED"}) {
    const HttpAnswer answer = Fetch(std::string("/api/v1/clients?") + query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_THAT(answer.body, HasSubstr("BAD_PARAMETER")) << query;
  }
}

TEST_F(HttpApi, NothingIsChangedWithoutLeave) {
  StartHttp();
  const HttpAnswer answer = Post("/api/v1/clients/bystander:evict", "{}");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("--http-admin"));
  EXPECT_EQ(Post("/api/v1/server:drain", "{}").status, 403);
  EXPECT_EQ(Post("/api/v1/maintenance", "{\"filter\":\"\"}").status, 403);
}

TEST_F(HttpApi, ChangesAreMadeAndWrittenDown) {
  StartHttp({"--http-admin"});
  HeartbeatStream stream(address());
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("web-1", "1")));
  const HttpAnswer evicted = Post("/api/v1/clients/web-1:evict", "{\"reason\":\"runs wild\"}");
  EXPECT_EQ(evicted.status, 200) << evicted.body;
  EXPECT_THAT(evicted.body, HasSubstr("\"cause\":\"CAUSE_EVICTED\""));
  EXPECT_THAT(server_->StandardError(), HasSubstr("/api/v1/clients/web-1:evict"));
  ExpectEnd(stream, grpc::StatusCode::ABORTED, "EVICTED");
  const HttpAnswer marked =
      Post("/api/v1/maintenance", "{\"name\":\"clients/web-1\",\"until_time\":\"2100-01-01T00:00:00Z\"}");
  EXPECT_EQ(marked.body, "{\"changed_count\":\"1\"}\n");
  EXPECT_THAT(Fetch("/api/v1/clients/web-1").body, HasSubstr("\"author\":\"127.0.0.1\""))
      << "and not what gRPC calls a call within the process";
}

TEST_F(HttpApi, APageOfSomebodyElseChangesNothing) {
  StartHttp({"--http-admin"});
  HttpConnection connection(http());
  EXPECT_EQ(connection.Post("/api/v1/server:drain", "{}", "Content-Type: text/plain\r\n").status, 400);
  const HttpAnswer crossed = connection.Post(
      "/api/v1/server:drain", "{}", "Content-Type: application/json\r\nOrigin: http://evil.example\r\n");
  EXPECT_EQ(crossed.status, 403);
  EXPECT_THAT(crossed.body, HasSubstr("CROSS_ORIGIN"));
  EXPECT_EQ(connection
                .Post("/api/v1/server:drain", "{}",
                      "Content-Type: application/json\r\nOrigin: http://localhost\r\n")
                .status,
            200);
  EXPECT_EQ(Post("/api/v1/server:undrain", "{}").status, 200);
}

}  // namespace
}  // namespace liveness::testing
