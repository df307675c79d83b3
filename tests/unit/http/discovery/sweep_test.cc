// When there is an error in place of a list that might lack much.
#include <algorithm>
#include <vector>

#include "tests/support/registry/machine.h"
#include "tests/unit/http/discovery/discovery_fixture.h"

namespace liveness::testing {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class SweepTest : public DiscoveryTest {};

core::Labels At(const std::string& port) {
  return {{"addr", "10.0.0.7"}, {"metrics_port", port}, {"service", "web"}};
}

TEST_F(SweepTest, AServerThatKnewNobodySaysNothingAtFirst) {
  Join("web-1", At("1"));
  const auto early = Ask("/sd");
  EXPECT_EQ(early->response.status, 503);
  EXPECT_THAT(early->body(), HasSubstr("\"reason\":\"STARTING\""));
  EXPECT_EQ(Ask("/v1/catalog/services")->response.status, 503);
  Settle();
  EXPECT_EQ(Ask("/sd")->response.status, 200);
  Serve();  // one that knows its clients from before
  EXPECT_EQ(Ask("/sd")->response.status, 200);
}

TEST_F(SweepTest, OneThatIsBusyIsAnError) {
  Settle();
  Join("web-1", At("1"));
  const auto exchange =
      std::make_shared<TimedExchange>(http::Request{.method = "GET", .path = "/sd", .query = {}});
  exchange->workers_free = false;
  router_.Serve(exchange);
  EXPECT_EQ(exchange->response.status, 503);
  EXPECT_EQ(Ask("/sd")->response.status, 200) << "the place of the one before is free";
}

TEST_F(SweepTest, FewAtATimeAndTheOthersInTheirOrder) {
  Settle();
  Join("web-1", At("1"));
  std::vector<std::shared_ptr<TimedExchange>> asked;
  const auto begun = [&] {
    return std::count_if(asked.begin(), asked.end(), [](const auto& each) { return each->has_job(); });
  };
  for (int i = 0; i < 40; ++i) {
    asked.push_back(std::make_shared<TimedExchange>(http::Request{.method = "GET", .path = "/sd"}));
    asked.back()->workers_hold = true;
    router_.Serve(asked.back());
  }
  EXPECT_EQ(begun(), 16);
  asked[16]->Leave();
  asked[17]->workers_free = false;
  asked[0]->Work();
  EXPECT_EQ(asked[0]->response.status, 200);
  EXPECT_FALSE(asked[16]->has_job()) << "it went";
  EXPECT_EQ(asked[17]->response.status, 503) << "it found the workers busy";
  EXPECT_TRUE(asked[18]->has_job());
  EXPECT_EQ(begun(), 16);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    if (i == 16 || i == 17) continue;
    ASSERT_TRUE(asked[i]->has_job()) << i;
    asked[i]->Work();
    EXPECT_EQ(asked[i]->response.status, 200);
  }
  EXPECT_EQ(Ask("/sd")->response.status, 200);
}

// A server over a disk, with three clients.
class RestartedTest : public ::testing::Test {
 protected:
  RestartedTest() {
    for (const char* port : {"1", "2", "3"}) Join(port);
  }
  void Join(const std::string& port, const std::string& instance = "i1") {
    machine_.h().AttachLater("c" + port, instance, std::nullopt, At(port));
    machine_.store().CommitAll();
  }
  void Serve() { router_ = DiscoveryRoutes(machine_.h().registry, machine_.clock); }
  // Of all that list: the status, and the reason if there is one.
  std::string Status() const {
    std::string status;
    for (const char* path : {"/sd", "/v1/catalog/services", "/v1/health/service/web"}) {
      const auto answer = AskOf(router_, path);
      const std::string body = answer->body();
      const std::size_t at = body.find("\"reason\":\"");
      const std::string reason =
          at == std::string::npos ? "" : " " + body.substr(at + 10, body.find('"', at + 10) - at - 10);
      const std::string each = std::to_string(answer->response.status) + reason;
      if (status.empty()) status = each;
      EXPECT_EQ(each, status) << path;
    }
    return status;
  }
  std::string Targets() const { return AskOf(router_, "/sd")->body(); }

  Machine machine_;
  http::Router router_{auth::OpenGate()};
};

TEST_F(RestartedTest, UntilMostAreBackItIsAnErrorAndThenNobodyIsMissing) {
  machine_.Restart();
  Serve();
  EXPECT_EQ(Status(), "503 CLIENTS_NOT_BACK");
  Join("1", "i2");
  EXPECT_EQ(Status(), "503 CLIENTS_NOT_BACK");
  Join("2", "i2");
  EXPECT_EQ(Status(), "200");
  for (const char* port : {"1", "2", "3"}) EXPECT_THAT(Targets(), HasSubstr(std::string("10.0.0.7:") + port));
}

TEST_F(RestartedTest, TheErrorEndsThoughNobodyComesBack) {
  machine_.Restart();
  Serve();
  EXPECT_EQ(Status(), "503 CLIENTS_NOT_BACK");
  machine_.Run(seconds(30));
  EXPECT_EQ(Status(), "200");
  EXPECT_THAT(Targets(), HasSubstr("\"__meta_liveness_state\":\"DEAD\""));
}

TEST_F(RestartedTest, AStoreThatFailsIsAnError) {
  Serve();
  EXPECT_EQ(Status(), "200");
  machine_.store().set_health(absl::UnavailableError("the disk is full"));
  EXPECT_EQ(Status(), "503 STORE_UNAVAILABLE");
  machine_.store().set_health(absl::OkStatus());
  EXPECT_EQ(Status(), "200");
}

}  // namespace
}  // namespace liveness::testing
