// The HTTP port: the same doors.
#include "tests/attack/attacked_server.h"
#include "tests/support/http_connection.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRules[] = R"(
[[rule]]
name = "shop"
who = ["token:shop"]
view = ['client_id = "shop/*"']
[[rule]]
name = "ops"
who = ["token:ops"]
view = ["*"]
admin = ["*"]
[[rule]]
name = "beat"
who = ["token:beat"]
beat = ["*"]
)";

class HttpAttack : public AttackTest {
 protected:
  void SetUp() override {
    Start({"--http-listen=127.0.0.1:0", "--http-admin", "--max-bad-tokens=0",
           "--rules=" + Write("rules.toml", kRules), "--token-file=" + Write("tokens.toml", Tokens())});
    mine_.emplace(Channel(), "shop/a", TokenOf("beat"));
    secret_.emplace(Channel(), "payroll/a", TokenOf("beat"));
    ASSERT_TRUE(mine_->welcomed() && secret_->welcomed());
  }
  void TearDown() override { EXPECT_EQ(secret_->End(Millis(0)), std::nullopt); }

  static std::string Tokens() {
    return TokenEntry("shop", "\"view\"") + TokenEntry("ops", "\"view\", \"admin\"") +
           TokenEntry("beat", "\"beat\"");
  }
  static std::string Bearer(const std::string& name) {
    return "Authorization: Bearer " + TokenOf(name) + "\r\n";
  }
  HttpAnswer Fetch(const std::string& target, const std::string& fields = "") const {
    return HttpConnection(server_->http_address()).Get(target, fields);
  }

  std::optional<Bystander> mine_, secret_;
};

TEST_F(HttpAttack, WhoProvesNothingGetsNothingButThePageAndTheProbes) {
  for (const char* target : {"/api/v1/clients", "/api/v1/clients/shop%2Fa", "/api/v1/stats",
                             "/api/v1/transitions", "/api/v1/server", "/api/v1/watch", "/metrics", "/sd",
                             "/v1/catalog/services", "/v1/health/service/x", "/v1/agent/self"}) {
    EXPECT_EQ(Fetch(target).status, 401) << target;
    EXPECT_EQ(Fetch(target, "Authorization: Bearer lvt_" + std::string(43, 'z') + "\r\n").status, 401)
        << target;
    EXPECT_EQ(Fetch(target, "Authorization: Basic eDp5\r\n").status, 401) << target;
    EXPECT_EQ(Fetch(target, Bearer("ops") + Bearer("ops")).status, 401) << target;
    EXPECT_EQ(Fetch(target, Bearer("beat")).status, 403) << target;
  }
  for (const char* target : {"/", "/livez", "/readyz", "/api/v1/features"})
    EXPECT_EQ(Fetch(target).status, 200) << target;
}

TEST_F(HttpAttack, AViewHoldsEverywhere) {
  for (const char* target : {"/api/v1/clients", "/api/v1/transitions", "/sd"}) {
    EXPECT_THAT(Fetch(target, Bearer("shop")).body, Not(HasSubstr("payroll"))) << target;
  }
  EXPECT_THAT(Fetch("/api/v1/clients", Bearer("shop")).body, HasSubstr("shop/a"));
  EXPECT_THAT(Fetch("/api/v1/clients", Bearer("ops")).body, HasSubstr("payroll/a"));
  EXPECT_THAT(Fetch("/api/v1/stats", Bearer("shop")).body, HasSubstr("\"alive\":\"1\""));
  EXPECT_EQ(Fetch("/api/v1/clients/payroll%2Fa", Bearer("shop")).status, 404);
  EXPECT_EQ(Fetch("/metrics", Bearer("shop")).status, 403);
  EXPECT_EQ(Fetch("/metrics", Bearer("ops")).status, 200);
}

TEST_F(HttpAttack, SoItDoesForEvents) {
  HttpConnection viewer(server_->http_address());
  viewer.Ask("GET", "/api/v1/watch", Bearer("shop"));
  ASSERT_EQ(viewer.ReadAnswer(true).status, 200);
  std::string seen;
  while (const auto event = viewer.ReadEvent()) {
    seen += event->data;
    if (event->event == "snapshot_done") break;
  }
  EXPECT_THAT(seen, HasSubstr("shop/a"));
  EXPECT_THAT(seen, Not(HasSubstr("payroll")));
}

TEST_F(HttpAttack, EventsEndWithTheToken) {
  HttpConnection viewer(server_->http_address());
  viewer.Ask("GET", "/api/v1/watch", Bearer("ops"));
  ASSERT_EQ(viewer.ReadAnswer(true).status, 200);
  ASSERT_TRUE(viewer.ReadEvent());
  Write("tokens.toml", TokenEntry("beat", "\"beat\""));
  while (viewer.ReadEvent()) {
  }
  EXPECT_EQ(Fetch("/api/v1/watch", Bearer("ops")).status, 401);
}

TEST_F(HttpAttack, ASessionIsACookieThatNoScriptAndNoOtherPageHas) {
  HttpConnection browser(server_->http_address());
  EXPECT_EQ(browser.Post("/api/v1/session", "", "").status, 401);
  const HttpAnswer login =
      HttpConnection(server_->http_address()).Post("/api/v1/session", "", Bearer("shop"));
  ASSERT_EQ(login.status, 204);
  const std::string cookie = login.fields.at("Set-Cookie");
  for (const char* part : {"HttpOnly", "SameSite=Strict", "Path=/"}) EXPECT_THAT(cookie, HasSubstr(part));
  const std::string field = "Cookie: a=b; " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(Fetch("/api/v1/clients", field).status, 200);
  EXPECT_EQ(Fetch("/metrics", field).status, 403);
  EXPECT_EQ(Fetch("/api/v1/clients", "Cookie: liveness-token=x\r\n").status, 401);
}

TEST_F(HttpAttack, APageOfAnotherOriginChangesNothingWithTheOperatorsCookie) {
  const std::string cookie = "Cookie: liveness-token=" + TokenOf("ops") + "\r\n";
  const auto drain = [&](const std::string& fields) {
    return HttpConnection(server_->http_address()).Post("/api/v1/server:drain", "{}", cookie + fields).status;
  };
  EXPECT_EQ(drain("Content-Type: application/json\r\nOrigin: http://evil.example\r\n"), 403);
  EXPECT_EQ(drain("Content-Type: text/plain\r\n"), 400) << "a form";
  EXPECT_EQ(HttpConnection(server_->http_address()).Post("/api/v1/server:drain", "{}").status, 401);
  EXPECT_EQ(HttpConnection(server_->http_address())
                .Post("/api/v1/server:drain", "{}", Bearer("shop") + "Content-Type: application/json\r\n")
                .status,
            403);
}

TEST_F(HttpAttack, NobodyIsAskedInAnothersName) {
  HttpConnection rebound(server_->http_address());
  rebound.Send("GET /api/v1/clients HTTP/1.1\r\nHost: evil.example\r\n" + Bearer("ops") + "\r\n");
  EXPECT_EQ(rebound.ReadAnswer().status, 421);
}

}  // namespace
}  // namespace liveness::testing
