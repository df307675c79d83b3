// What the HTTP port is given that is no request, or not one for this server.
#include "tests/integration/http/http_fixture.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HttpBadRequest : public HttpTest {
 protected:
  HttpAnswer Answer(const std::string& bytes) const {
    HttpConnection connection(http());
    connection.Send(bytes);
    return connection.ReadAnswer();
  }
};

TEST_F(HttpBadRequest, WhatIsTooLargeIsRefused) {
  StartHttp({"--http-admin"});
  EXPECT_EQ(Fetch("/livez", "X: " + std::string(20'000, 'a') + "\r\n").status, 431);
  EXPECT_EQ(Fetch("/" + std::string(20'000, 'a')).status, 431);
  EXPECT_EQ(Post("/api/v1/maintenance", std::string(70'000, ' ')).status, 413);
  const HttpAnswer announced =
      Answer("POST /api/v1/maintenance HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_EQ(announced.status, 413);
  const std::string chunked =
      "POST /api/v1/maintenance HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string chunks = chunked;
  for (int i = 0; i < 20; ++i) chunks += "1000\r\n" + std::string(0x1000, ' ') + "\r\n";
  EXPECT_EQ(Answer(chunks).status, 413);
  // What frames a body is neither a header nor a body: the line before a chunk, and the fields behind the
  // last.
  EXPECT_EQ(Answer(chunked + "1;" + std::string(40'000, 'x')).status, 413);
  EXPECT_EQ(Answer(chunked + std::string(40'000, '0')).status, 413);
  EXPECT_EQ(Answer(chunked + "0\r\nX: " + std::string(40'000, 'x')).status, 413);
}

TEST_F(HttpBadRequest, WhatIsNoRequestIsRefused) {
  StartHttp();
  for (const std::string bytes :
       {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nX\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /%0d%0aX:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET http://localhost/livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"}) {
    const HttpAnswer answer = Answer(bytes);
    EXPECT_THAT(answer.status, ::testing::AnyOf(400, 505)) << bytes << answer.body;
    EXPECT_EQ(answer.fields.count("X"), 0U) << "nothing from outside becomes a header field";
  }
}

TEST_F(HttpBadRequest, NeitherPathsNorMethodsAreGuessed) {
  StartHttp();
  EXPECT_EQ(Fetch("/etc/passwd").status, 404);
  EXPECT_EQ(Fetch("/../../etc/passwd").status, 404);
  EXPECT_EQ(Fetch("/assets/..%2f..%2fetc%2fpasswd").status, 404);
  EXPECT_EQ(Fetch("/api/v1/").status, 404);
  EXPECT_EQ(Fetch("/api/v1/clients/").status, 400) << "an empty id";
  HttpConnection connection(http());
  connection.Ask("DELETE", "/api/v1/clients/bystander");
  const HttpAnswer answer = connection.ReadAnswer();
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.fields.at("Allow"), "GET, POST");
}

TEST_F(HttpBadRequest, AHostOfSomebodyElseIsMisdirected) {
  StartHttp({"--http-host=live.example.com"});
  const auto status = [&](const std::string& host) {
    return Answer("GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
  };
  EXPECT_EQ(status("evil.example.com"), 421);
  EXPECT_EQ(status("evil.example.com:7780"), 421);
  EXPECT_EQ(status("127.0.0.1.evil.com"), 421);
  EXPECT_EQ(status("a@b"), 421);
  EXPECT_EQ(status(""), 421);
  for (const char* ours : {"localhost", "localhost:7780", "127.0.0.1", "10.1.2.3:80", "[::1]:7780",
                           "livenessd:7780", "LIVE.example.com", "live.example.com:443"}) {
    EXPECT_EQ(status(ours), 200) << ours;
  }
}

TEST_F(HttpBadRequest, BadJsonIsNamedByItsColumn) {
  StartHttp({"--http-admin"});
  const HttpAnswer answer = Post("/api/v1/maintenance", "{\n  \"filter\": oops }");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("BAD_JSON"));
  EXPECT_THAT(answer.body, HasSubstr("line 2, column 13"));
  EXPECT_THAT(Post("/api/v1/maintenance", "{\"colour\": 1}").body, HasSubstr("BAD_JSON"));
  EXPECT_THAT(Post("/api/v1/maintenance", "\xff\xfe").body, HasSubstr("UTF-8"));
  EXPECT_THAT(Post("/api/v1/maintenance", std::string(30'000, '[')).body, HasSubstr("BAD_JSON"));
}

TEST_F(HttpBadRequest, OneAddressDoesNotTakeAllConnections) {
  StartHttp({"--http-max-connections=8"});
  std::vector<std::unique_ptr<HttpConnection>> idle;
  for (int i = 0; i < 6; ++i) idle.push_back(std::make_unique<HttpConnection>(http()));
  EXPECT_TRUE(Eventually([&] { return Fetch("/livez").status == 503; }))
      << "six of eight are one address's most";
  EXPECT_EQ(HttpConnection(http(), "127.0.0.2").Get("/livez").status, 200);
  idle.clear();
  EXPECT_TRUE(Eventually([&] { return Fetch("/livez").status == 200; }));
}

TEST_F(HttpBadRequest, ASlowRequestIsEndedAndHoldsUpNobody) {
  StartHttp();
  HttpConnection slow(http());
  ASSERT_TRUE(slow.Send("GET /livez HTTP/1.1\r\nHost: loc"));
  std::vector<std::unique_ptr<HttpConnection>> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(std::make_unique<HttpConnection>(http()));
  EXPECT_EQ(Fetch("/livez").status, 200);
  EXPECT_NE(slow.WaitForEnd(seconds(30)), Ending::kNone);
}

TEST_F(HttpBadRequest, OneAfterTheOtherOnOneConnection) {
  StartHttp();
  HttpConnection connection(http());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(connection.Get("/livez").status, 200);
  // Sent ahead: answered in order.
  connection.Ask("GET", "/livez");
  connection.Ask("GET", "/readyz");
  EXPECT_THAT(connection.ReadAnswer().body, HasSubstr("live"));
  EXPECT_THAT(connection.ReadAnswer().body, HasSubstr("ready"));
  ASSERT_TRUE(connection.Send("GET /livez HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(connection.ReadAnswer().fields.at("Connection"), "close");
}

TEST_F(HttpBadRequest, APortThatIsTakenRefusesTheStartIfItWasAskedFor) {
  StartHttp();
  const auto refused = ServerProcess::RunToEnd({"--listen=127.0.0.1:0", "--http-listen=" + http()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--http-listen"));
  for (const char* flag : {"--http-listen=unix:/tmp/x", "--http-listen=7780", "--http-listen="}) {
    EXPECT_EQ(ServerProcess::RunToEnd({"--listen=127.0.0.1:0", flag}).exit_code, 2) << flag;
  }
}

}  // namespace
}  // namespace liveness::testing
