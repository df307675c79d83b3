// A viewer of some clients, who would know of the others.
#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/attack/attacked_server.h"

namespace liveness::testing {
namespace {

using ::testing::ElementsAre;

constexpr char kRules[] = R"(
[[rule]]
name = "shop"
who = ["token:shop"]
view = ['client_id = "shop/*"']
admin = ["*"]
[[rule]]
name = "all"
who = ["token:all"]
view = ["*"]
[[rule]]
name = "beat"
who = ["token:beat"]
beat = ["*"]
)";

class ViewAttack : public AttackTest {
 protected:
  void SetUp() override {
    Start({"--rules=" + Write("rules.toml", kRules),
           "--token-file=" +
               Write("tokens.toml", TokenEntry("shop", "\"view\", \"admin\"") +
                                        TokenEntry("all", "\"view\"") + TokenEntry("beat", "\"beat\""))});
    mine_.emplace(Channel(), "shop/a", TokenOf("beat"));
    secret_.emplace(Channel(), "payroll/a", TokenOf("beat"));
    ASSERT_TRUE(mine_->welcomed() && secret_->welcomed());
  }
  void TearDown() override {
    EXPECT_EQ(secret_->End(Millis(0)), std::nullopt);
    EXPECT_EQ(Get(Channel(), "payroll/a", TokenOf("all"))->state(), v1::STATE_ALIVE);
  }
  v1::ListClientsResponse List(const std::string& token, const std::string& filter = "",
                               const std::string& page = "") const {
    v1::RegistryService::Stub stub(Channel());
    v1::ListClientsRequest request;
    request.set_filter(filter);
    request.set_page_token(page);
    request.set_page_size(1);
    v1::ListClientsResponse response;
    last_ = Call(stub, &v1::RegistryService::Stub::ListClients, request, response, token);
    return response;
  }

  std::optional<Bystander> mine_, secret_;
  mutable grpc::Status last_;
};

TEST_F(ViewAttack, AListShowsWhatIsInViewWhateverItsFilter) {
  for (const char* filter :
       {"", "client_id = \"payroll/*\" OR client_id = \"*\"", "NOT client_id = \"x\"", "state = ALIVE"}) {
    const auto list = List(TokenOf("shop"), filter);
    ASSERT_EQ(list.clients_size(), 1) << filter;
    EXPECT_EQ(list.clients(0).client_id(), "shop/a");
    EXPECT_EQ(list.next_page_token(), "") << "a page more would tell of others";
  }
  EXPECT_EQ(List(TokenOf("shop"), "client_id = \"payroll/*\"").clients_size(), 0);
}

TEST_F(ViewAttack, AnothersPageTokenIsNotTaken) {
  const auto all = List(TokenOf("all"));
  ASSERT_NE(all.next_page_token(), "");
  (void)List(TokenOf("shop"), "", all.next_page_token());
  EXPECT_EQ(ReasonOrCode(last_), "PAGE_TOKEN_MISMATCH");
}

TEST_F(ViewAttack, AClientOutOfViewIsAsOneThatIsNot) {
  v1::RegistryService::Stub stub(Channel());
  std::vector<std::string> answers;
  for (const char* id : {"payroll/a", "payroll/b"}) {
    v1::GetClientRequest request;
    request.set_name(std::string("clients/") + id);
    v1::Client client;
    const grpc::Status status =
        Call(stub, &v1::RegistryService::Stub::GetClient, request, client, TokenOf("shop"));
    answers.push_back(std::to_string(status.error_code()) + status.error_message());
  }
  answers[1].replace(answers[1].find("payroll/b"), 9, "payroll/a");
  EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(ViewAttack, CountsAreOfWhatIsInView) {
  v1::RegistryService::Stub stub(Channel());
  v1::GetStatsRequest request;
  request.set_group_by_label("team");
  v1::GetStatsResponse stats;
  ASSERT_TRUE(Call(stub, &v1::RegistryService::Stub::GetStats, request, stats, TokenOf("shop")).ok());
  EXPECT_EQ(stats.counts().alive(), 1);
  EXPECT_EQ(stats.stream_count(), 0) << "those of others are counted there";
  EXPECT_EQ(stats.heartbeat_count(), 0);
  EXPECT_FALSE(stats.has_scorecard());
}

TEST_F(ViewAttack, HistoryIsOfWhatIsInView) {
  v1::RegistryService::Stub stub(Channel());
  v1::ListTransitionsResponse history;
  ASSERT_TRUE(Call(stub, &v1::RegistryService::Stub::ListTransitions, v1::ListTransitionsRequest(), history,
                   TokenOf("shop"))
                  .ok());
  ASSERT_EQ(history.transitions_size(), 1);
  EXPECT_EQ(history.transitions(0).client_id(), "shop/a");
}

TEST_F(ViewAttack, SoIsAWatch) {
  v1::RegistryService::Stub stub(Channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + TokenOf("shop"));
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::WatchClientsRequest request;
  request.mutable_bookmark_interval()->set_nanos(100'000'000);
  const auto watch = stub.WatchClients(&context, request);
  std::vector<std::string> told;
  int bookmarks = 0;
  v1::WatchClientsResponse response;
  while (bookmarks < 10 && watch->Read(&response)) {
    for (const auto& client : response.clients()) told.push_back(client.client_id());
    for (const auto& transition : response.transitions()) told.push_back(transition.client_id());
    EXPECT_EQ(response.groups_size(), 0);
    bookmarks += response.bookmark();
    if (bookmarks == 3) secret_.emplace(Channel(), "payroll/a", TokenOf("beat"));
  }
  EXPECT_THAT(told, ElementsAre("shop/a"));
}

TEST_F(ViewAttack, WhatTheServerSaysOfItselfNamesNobodyElse) {
  v1::AdminService::Stub stub(Channel());
  v1::ServerInfo all, some;
  ASSERT_TRUE(
      Call(stub, &v1::AdminService::Stub::GetServerInfo, v1::GetServerInfoRequest(), all, TokenOf("all"))
          .ok());
  ASSERT_TRUE(
      Call(stub, &v1::AdminService::Stub::GetServerInfo, v1::GetServerInfoRequest(), some, TokenOf("shop"))
          .ok());
  EXPECT_TRUE(all.has_listener());
  EXPECT_GT(all.incidents_size(), 0);
  EXPECT_FALSE(some.has_listener());
  EXPECT_EQ(some.incidents_size(), 0);
  EXPECT_EQ(some.server_id(), all.server_id());
}

TEST_F(ViewAttack, HealthKnowsNoOther) {
  ::grpc::health::v1::Health::Stub stub(Channel());
  ::grpc::health::v1::HealthCheckRequest request;
  ::grpc::health::v1::HealthCheckResponse response;
  request.set_service("client/payroll/a");
  using Stub = ::grpc::health::v1::Health::Stub;
  EXPECT_EQ(Call(stub, &Stub::Check, request, response, TokenOf("shop")).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Call(stub, &Stub::Check, request, response).error_code(), grpc::StatusCode::NOT_FOUND)
      << "anonymous";
  EXPECT_TRUE(Call(stub, &Stub::Check, request, response, TokenOf("all")).ok());
  request.set_service("client/shop/a");
  EXPECT_TRUE(Call(stub, &Stub::Check, request, response, TokenOf("shop")).ok());
  request.set_service("");
  EXPECT_TRUE(Call(stub, &Stub::Check, request, response).ok())
      << "whether the server serves, anybody may ask";
}

TEST_F(ViewAttack, AnOperatorActsOnWhatIsInView) {
  v1::AdminService::Stub stub(Channel());
  v1::EvictClientRequest evict;
  evict.set_name("clients/payroll/a");
  v1::Client client;
  EXPECT_EQ(ReasonOrCode(Call(stub, &v1::AdminService::Stub::EvictClient, evict, client, TokenOf("shop"))),
            "CLIENT_NOT_FOUND");
  v1::SetMaintenanceRequest maintenance;
  maintenance.set_filter("state = ALIVE");
  maintenance.mutable_until_time()->set_seconds(std::time(nullptr) + 3600);
  v1::SetMaintenanceResponse marked;
  ASSERT_TRUE(Call(stub, &v1::AdminService::Stub::SetMaintenance, maintenance, marked, TokenOf("shop")).ok());
  EXPECT_EQ(marked.changed_count(), 1);
  EXPECT_EQ(Get(Channel(), "payroll/a", TokenOf("all"))->health(), v1::HEALTH_OK);
}

TEST_F(ViewAttack, WhoMayBeatSeesNobodyAndWhoMayViewBeatsAsNobody) {
  EXPECT_EQ(Get(Channel(), "shop/a", TokenOf("beat")), std::nullopt);
  EXPECT_EQ(HelloAs(Channel(), "shop/b", "x", TokenOf("all")), "NOT_ALLOWED");
  EXPECT_EQ(HelloAs(Channel(), "shop/b"), "NOT_AUTHENTICATED");
  (void)List("");
  EXPECT_EQ(ReasonOrCode(last_), "NOT_AUTHENTICATED");
}

}  // namespace
}  // namespace liveness::testing
