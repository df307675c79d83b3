// Another's id: live, dead or left.
#include <google/protobuf/util/time_util.h>

#include "tests/attack/attacked_server.h"

namespace liveness::testing {
namespace {

class OwnershipAttack : public AttackTest {
 protected:
  void SetUp() override {
    StartTls({"--token-file=" + Write("tokens.toml", TokenEntry("ops", "\"view\", \"admin\""))});
  }
  std::shared_ptr<grpc::Channel> Owner() const { return Channel(Certificate("URI:spiffe://prod/orders")); }
  std::shared_ptr<grpc::Channel> Attacker() const { return Channel(Certificate("URI:spiffe://prod/evil")); }
  // What the attacker tried changed nothing.
  void ExpectUntouched(v1::State state) const {
    const auto orders = Get(Owner(), "orders");
    ASSERT_TRUE(orders);
    EXPECT_EQ(orders->state(), state);
    EXPECT_EQ(orders->principal(), "spiffe://prod/orders");
    EXPECT_EQ(orders->instance_id(), "orders-1");
  }
  grpc::Status Evict(const std::shared_ptr<grpc::Channel>& channel, bool forget,
                     const std::string& token = {}) const {
    v1::AdminService::Stub stub(channel);
    v1::EvictClientRequest request;
    request.set_name("clients/orders");
    request.set_forget(forget);
    v1::Client client;
    return Call(stub, &v1::AdminService::Stub::EvictClient, request, client, token);
  }
};

TEST_F(OwnershipAttack, ALiveIdIsItsOwners) {
  Bystander orders(Owner(), "orders");
  ASSERT_TRUE(orders.welcomed());
  EXPECT_EQ(HelloAs(Attacker(), "orders"), "PRINCIPAL_MISMATCH");
  // Nor does the owner's own instance id help, which everybody who may view knows.
  EXPECT_EQ(HelloAs(Attacker(), "orders", "orders-1"), "PRINCIPAL_MISMATCH");
  EXPECT_EQ(orders.End(Millis(0)), std::nullopt);
  ExpectUntouched(v1::STATE_ALIVE);
}

TEST_F(OwnershipAttack, SoIsADeadOne) {
  { Bystander orders(Owner(), "orders"); }
  ASSERT_TRUE(Within(Millis(10'000), [&] { return Get(Owner(), "orders")->state() == v1::STATE_DEAD; }));
  EXPECT_EQ(HelloAs(Attacker(), "orders"), "PRINCIPAL_MISMATCH");
  ExpectUntouched(v1::STATE_DEAD);
  EXPECT_EQ(HelloAs(Owner(), "orders", "orders-2"), "welcome");
}

TEST_F(OwnershipAttack, SoIsOneThatLeft) {
  {
    HeartbeatStream orders(Owner());
    ASSERT_TRUE(orders.Join(HeartbeatStream::Hello("orders", "orders-1")));
    ASSERT_TRUE(orders.Goodbye());
    ASSERT_TRUE(orders.End());
  }
  EXPECT_EQ(HelloAs(Attacker(), "orders"), "PRINCIPAL_MISMATCH");
  ExpectUntouched(v1::STATE_LEFT);
}

TEST_F(OwnershipAttack, NoResumeTokenOfAnothersHelps) {
  HeartbeatStream orders(Owner());
  const auto welcome = orders.Join(HeartbeatStream::Hello("orders", "orders-1"));
  ASSERT_TRUE(welcome);
  auto hello = HeartbeatStream::Hello("orders", "orders-1");
  hello.mutable_hello()->set_resume_token(welcome->resume_token());
  HeartbeatStream attacker(Attacker());
  EXPECT_FALSE(attacker.Join(hello));
  EXPECT_EQ(ReasonOrCode(*attacker.End()), "PRINCIPAL_MISMATCH");
  EXPECT_EQ(orders.End(Millis(100)), std::nullopt);
}

// What is promised of a client's path is worked out from how its pings arrived: that is its own business, and
// that there is such a client too.
TEST_F(OwnershipAttack, AQualityThatCannotBeHadTellsNothingOfAnothersPath) {
  Bystander orders(Owner(), "orders");
  ASSERT_TRUE(orders.welcomed());
  const auto answer = [&](const std::string& id, std::chrono::nanoseconds found_within) {
    auto hello = HeartbeatStream::Hello(id, "attacker");
    hello.mutable_hello()->clear_interval();
    hello.mutable_hello()->clear_timeout();
    v1::Quality& quality = *hello.mutable_hello()->mutable_quality();
    *quality.mutable_found_within() =
        google::protobuf::util::TimeUtil::NanosecondsToDuration(found_within.count());
    quality.mutable_mistake_recurrence()->set_seconds(30 * 86'400);
    HeartbeatStream stream(Attacker());
    EXPECT_FALSE(stream.Join(hello));
    return stream.End().value_or(grpc::Status::OK);
  };
  EXPECT_EQ(ReasonOrCode(answer("orders", std::chrono::seconds(10))), "PRINCIPAL_MISMATCH");
  const grpc::Status refused = answer("orders", std::chrono::milliseconds(10));
  EXPECT_EQ(ReasonOrCode(refused), "QUALITY_UNREACHABLE");
  EXPECT_EQ(refused.error_message(), answer("nobody", std::chrono::milliseconds(10)).error_message());
}

TEST_F(OwnershipAttack, OnlyAnOperatorHandsAnIdOver) {
  { Bystander orders(Owner(), "orders"); }
  ASSERT_TRUE(Within(Millis(10'000), [&] { return Get(Owner(), "orders")->state() == v1::STATE_DEAD; }));
  EXPECT_EQ(ReasonOrCode(Evict(Attacker(), true)), "NOT_ALLOWED");
  EXPECT_EQ(ReasonOrCode(Evict(Owner(), true)), "NOT_ALLOWED");
  ExpectUntouched(v1::STATE_DEAD);
  EXPECT_TRUE(Evict(Attacker(), true, TokenOf("ops")).ok());
  EXPECT_EQ(Get(Owner(), "orders"), std::nullopt);
  EXPECT_EQ(HelloAs(Attacker(), "orders"), "welcome");
}

TEST_F(OwnershipAttack, WhoMayViewAdministersNothing) {
  Bystander orders(Owner(), "orders");
  EXPECT_EQ(ReasonOrCode(Evict(Attacker(), false)), "NOT_ALLOWED");
  v1::AdminService::Stub admin(Attacker());
  v1::DrainServerResponse drained;
  EXPECT_EQ(
      ReasonOrCode(Call(admin, &v1::AdminService::Stub::DrainServer, v1::DrainServerRequest(), drained)),
      "NOT_ALLOWED");
  v1::UndrainServerResponse undrained;
  EXPECT_EQ(ReasonOrCode(
                Call(admin, &v1::AdminService::Stub::UndrainServer, v1::UndrainServerRequest(), undrained)),
            "NOT_ALLOWED");
  v1::SetMaintenanceResponse marked;
  v1::SetMaintenanceRequest request;
  request.set_name("clients/orders");
  EXPECT_EQ(ReasonOrCode(Call(admin, &v1::AdminService::Stub::SetMaintenance, request, marked)),
            "NOT_ALLOWED");
  EXPECT_EQ(orders.End(Millis(0)), std::nullopt);
  ExpectUntouched(v1::STATE_ALIVE);
}

}  // namespace
}  // namespace liveness::testing
