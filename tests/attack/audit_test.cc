// Who did what is there to be read, whatever others do to have it forgotten.
#include <atomic>
#include <thread>

#include "tests/attack/audit_attack.h"
#include "tests/support/memory.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// --- What is there ---

TEST_F(AuditAttack, AnOperatorsActsAreThereWithTheirRevisions) {
  std::uint64_t begun = 0;
  {
    HeartbeatStream victim(Channel(), Millis(0), TokenOf("evil"));
    const auto welcome = victim.Join(HeartbeatStream::Hello("victim", "victim-1"));
    ASSERT_TRUE(welcome);
    begun = welcome->incarnation();
    ASSERT_TRUE(Evict("victim", TokenOf("ops")).ok());
  }
  const v1::AuditEvent evict = Only("action = evict AND target = victim");
  EXPECT_EQ(evict.principal(), "token:ops");
  EXPECT_EQ(evict.address(), "127.0.0.1");
  EXPECT_EQ(evict.outcome(), v1::AUDIT_OUTCOME_ALLOWED);
  EXPECT_THAT(evict.message(), HasSubstr("a test"));
  EXPECT_GT(evict.revision(), begun);
  EXPECT_FALSE(evict.server_id().empty());

  ASSERT_TRUE(Evict("victim", TokenOf("ops"), true).ok());
  EXPECT_THAT(Events("action = evict AND target = victim")[0].message(), HasSubstr("forgotten"));
  EXPECT_GT(Events("action = evict AND target = victim")[0].revision(), evict.revision());

  EXPECT_FALSE(Evict("nobody", TokenOf("ops")).ok());
  EXPECT_EQ(Only("target = nobody").outcome(), v1::AUDIT_OUTCOME_FAILED);
  EXPECT_EQ(Only("target = nobody").reason(), "CLIENT_NOT_FOUND");

  v1::AdminService::Stub stub(Channel());
  v1::SetMaintenanceRequest maintenance;
  maintenance.set_name("clients/orders");
  maintenance.mutable_until_time()->set_seconds(std::time(nullptr) + 3600);
  v1::SetMaintenanceResponse marked;
  ASSERT_TRUE(
      Call(stub, &v1::AdminService::Stub::SetMaintenance, maintenance, marked, TokenOf("other")).ok());
  const v1::AuditEvent mark = Only("action = maintenance");
  EXPECT_EQ(mark.principal(), "token:other");
  EXPECT_EQ(mark.target(), "orders");
  EXPECT_GT(mark.revision(), evict.revision());

  ASSERT_TRUE(Drain(true, TokenOf("ops")).ok());
  ASSERT_TRUE(Drain(false, TokenOf("ops")).ok());
  EXPECT_THAT(Events("action = drain"), SizeIs(2));
}

// Who gives the call up at once has not hidden what it did.
TEST_F(AuditAttack, AnActOfWhichNobodyWaitsForTheAnswerIsThere) {
  HeartbeatStream victim(Channel(), Millis(0), TokenOf("evil"));
  ASSERT_TRUE(victim.Join(HeartbeatStream::Hello("victim", "victim-1")));
  const auto channel = Channel();
  v1::AdminService::Stub stub(channel);
  v1::EvictClientRequest request;
  request.set_name("clients/victim");
  for (int i = 0; i < 50; ++i) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + TokenOf("ops"));
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(100 * i));
    v1::Client client;
    (void)stub.EvictClient(&context, request, &client);
    if (Get(channel, "victim", TokenOf("ops"))->state() == v1::STATE_DEAD) break;
  }
  ASSERT_EQ(Get(channel, "victim", TokenOf("ops"))->state(), v1::STATE_DEAD);
  EXPECT_TRUE(
      Within(Millis(5'000), [&] { return !Events("outcome = ALLOWED AND target = victim").empty(); }));
}

TEST_F(AuditAttack, WhatIsAskedOverHttpIsThereWithWhoAskedIt) {
  const auto post = [this](const std::string& target, const std::string& name) {
    return HttpConnection(server_->http_address())
        .Post(target, R"({"reason":"over http"})",
              "Content-Type: application/json\r\nAuthorization: Bearer " + TokenOf(name) + "\r\n")
        .status;
  };
  EXPECT_EQ(post("/api/v1/server:drain", "viewer"), 403);
  EXPECT_EQ(post("/api/v1/server:undrain", "ops"), 200);
  const v1::AuditEvent refused = Only("action = drain AND principal = \"token:viewer\"");
  EXPECT_EQ(refused.outcome(), v1::AUDIT_OUTCOME_REFUSED);
  EXPECT_EQ(refused.address(), "127.0.0.1");
  const v1::AuditEvent done = Only("action = drain AND principal = \"token:ops\"");
  EXPECT_EQ(done.outcome(), v1::AUDIT_OUTCOME_ALLOWED);
  EXPECT_THAT(done.message(), HasSubstr("over http"));
}

TEST_F(AuditAttack, RefusalsOfIdentityAreThere) {
  EXPECT_EQ(HelloAs(Channel(), "orders", "x", TokenOf("evil")), "PRINCIPAL_MISMATCH");
  const v1::AuditEvent mismatch = Only("reason = PRINCIPAL_MISMATCH");
  EXPECT_EQ(mismatch.principal(), "token:evil");
  EXPECT_EQ(mismatch.action(), "beat");
  EXPECT_EQ(mismatch.target(), "orders");

  EXPECT_EQ(HelloAs(Channel(), "mine"), "NOT_AUTHENTICATED");
  EXPECT_EQ(Only("reason = NOT_AUTHENTICATED AND action = beat").principal(), "");
  EXPECT_EQ(HelloAs(Channel(), "mine", "x", TokenOf("viewer")), "NOT_ALLOWED");
  EXPECT_EQ(Only("reason = NOT_ALLOWED AND action = beat").principal(), "token:viewer");
  EXPECT_FALSE(Evict("orders", TokenOf("viewer")).ok());
  EXPECT_EQ(Only("action = evict").principal(), "token:viewer");
  EXPECT_EQ(Only("action = evict").outcome(), v1::AUDIT_OUTCOME_REFUSED);
  EXPECT_EQ(Fetch("/api/v1/stats", "lvt_wrong").status, 401);
  EXPECT_EQ(Only("reason = BAD_TOKEN").action(), "view");
}

TEST_F(AuditAttack, RevocationsAndFilesAreThere) {
  {
    Bystander evil(Channel(), "evil", TokenOf("evil"));
    ASSERT_TRUE(evil.welcomed());
    Write("tokens.toml", TokenEntry("ops", "\"view\", \"admin\"") + TokenEntry("orders", "\"beat\""));
    EXPECT_TRUE(evil.End(Millis(10'000)));
  }
  EXPECT_TRUE(Within(Millis(5'000), [&] { return !Events("reason = REVOKED").empty(); }));
  const v1::AuditEvent revoked = Only("reason = REVOKED");
  EXPECT_EQ(revoked.principal(), "token:evil");
  EXPECT_EQ(revoked.target(), "evil");
  EXPECT_EQ(Only("action = reload AND outcome = ALLOWED").principal(), "host:files");
  Write("tokens.toml", "this is no TOML");
  EXPECT_TRUE(Within(Millis(5'000), [&] { return !Events("action = reload AND outcome = FAILED").empty(); }));
}

// --- Who may read it ---

TEST_F(AuditAttack, AViewerReadsNothingOfIt) {
  v1::ListAuditEventsResponse response;
  EXPECT_EQ(ReasonOrCode(List("", TokenOf("viewer"), response)), "NOT_ALLOWED");
  EXPECT_EQ(ReasonOrCode(List("", "", response)), "NOT_AUTHENTICATED");
  EXPECT_EQ(response.audit_events_size(), 0);
  EXPECT_EQ(Fetch("/api/v1/audit", TokenOf("viewer")).status, 403);
  const HttpAnswer mine = Fetch("/api/v1/audit", TokenOf("ops"));
  EXPECT_EQ(mine.status, 200);
  EXPECT_THAT(mine.body, HasSubstr("token:viewer"));
  EXPECT_THAT(Events("action = audit AND outcome = REFUSED"), SizeIs(2));
}

TEST_F(AuditAttack, PagesAreBoundToTheirFilter) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Evict("nobody-" + std::to_string(i), TokenOf("ops")).ok());
  v1::AdminService::Stub stub(Channel());
  v1::ListAuditEventsRequest request;
  request.set_page_size(2);
  request.set_filter("outcome = FAILED");
  std::vector<std::string> targets;
  do {
    v1::ListAuditEventsResponse page;
    ASSERT_TRUE(Call(stub, &v1::AdminService::Stub::ListAuditEvents, request, page, TokenOf("ops")).ok());
    for (const auto& event : page.audit_events()) targets.push_back(event.target());
    EXPECT_LE(page.audit_events_size(), 2);
    request.set_page_token(page.next_page_token());
    if (request.page_token().empty()) break;
    v1::ListAuditEventsRequest other = request;
    other.set_filter("outcome = REFUSED");
    EXPECT_EQ(ReasonOrCode(Call(stub, &v1::AdminService::Stub::ListAuditEvents, other, page, TokenOf("ops"))),
              "PAGE_TOKEN_MISMATCH");
  } while (true);
  EXPECT_EQ(targets, (std::vector<std::string>{"nobody-4", "nobody-3", "nobody-2", "nobody-1", "nobody-0"}));
}

// --- Who would have it forgotten ---

TEST_F(AuditAttack, AStrangersFloodPushesOutNobodysEvents) {
  EXPECT_FALSE(Evict("nobody", TokenOf("ops")).ok());
  ASSERT_TRUE(Drain(false, TokenOf("other")).ok());
  EXPECT_EQ(HelloAs(Channel(), "orders", "x", TokenOf("evil")), "PRINCIPAL_MISMATCH");
  const auto before = Events("action = drain OR action = evict OR reason = PRINCIPAL_MISMATCH");
  ASSERT_THAT(before, SizeIs(3));
  const long resident = ResidentMiB(server_->pid());

  // Of two kinds: all alike, and each another.
  constexpr int kThreads = 4, kEach = 25'000;
  std::atomic<std::uint64_t> refused{0};
  std::vector<std::jthread> strangers;
  for (int thread = 0; thread < kThreads; ++thread) {
    strangers.emplace_back([this, thread, &refused] {
      const auto channel = Channel();
      v1::RegistryService::Stub stub(channel);
      for (int i = 0; i < kEach; ++i) {
        if (i % 25 == 0) {
          (void)HelloAs(channel, "flood-" + std::to_string(thread) + "-" + std::to_string(i), "x",
                        i % 2 == 0 ? std::string() : TokenOf("evil"));
          continue;
        }
        grpc::ClientContext context;
        v1::GetStatsResponse response;
        const grpc::Status status = stub.GetStats(&context, v1::GetStatsRequest(), &response);
        if (ReasonOrCode(status) == "NOT_AUTHENTICATED") ++refused;
      }
    });
  }
  strangers.clear();

  const auto after = Events("action = drain OR action = evict OR reason = PRINCIPAL_MISMATCH");
  ASSERT_THAT(after, SizeIs(before.size()));
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after[i].number(), before[i].number());
  const v1::AuditEvent views = Only("action = view AND outcome = REFUSED AND reason = NOT_AUTHENTICATED");
  EXPECT_EQ(views.count(), refused) << "folded, and all counted";
  EXPECT_LT(ResidentMiB(server_->pid()) - resident, MayTakeMiB(40));
}

}  // namespace
}  // namespace liveness::testing
