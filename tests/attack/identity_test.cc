// Certificates that are not what they seem.
#include "tests/attack/attacked_server.h"

namespace liveness::testing {
namespace {

using Hours = Authority::Hours;

class IdentityAttack : public AttackTest {
 protected:
  void SetUp() override {
    StartTls();
    bystander_.emplace(Channel(Certificate("URI:spiffe://prod/orders")), "orders");
    ASSERT_TRUE(bystander_->welcomed());
  }
  // Whatever was tried: who beat on beats on, and is who it was.
  void TearDown() override {
    EXPECT_EQ(bystander_->End(Millis(0)), std::nullopt);
    const auto orders = Get(Channel(Certificate("URI:spiffe://prod/orders")), "orders");
    ASSERT_TRUE(orders);
    EXPECT_EQ(orders->state(), v1::STATE_ALIVE);
    EXPECT_EQ(orders->principal(), "spiffe://prod/orders");
    EXPECT_EQ(orders->instance_id(), "orders-1");
  }
  std::string Try(const std::string& names, const std::string& common_name = "x") {
    return HelloAs(Channel(Certificate(names, common_name)), "orders");
  }

  std::optional<Bystander> bystander_;
};

TEST_F(IdentityAttack, AnotherAuthorityDoesNotGetAHandshake) {
  const Authority other("attacked authority");
  EXPECT_EQ(
      HelloAs(Channel(other.IssueAny({.common_name = "x", .names = "URI:spiffe://prod/orders"})), "orders"),
      std::to_string(grpc::StatusCode::UNAVAILABLE));
}

TEST_F(IdentityAttack, NorDoesWhatHasExpiredOrIsNotValidYet) {
  for (const auto& [from, until] : {std::pair(Hours(-48), Hours(-1)), std::pair(Hours(1), Hours(48))}) {
    const PemPair pair = TheAuthority().IssueAny(
        {.common_name = "x", .names = "URI:spiffe://prod/orders", .from = from, .until = until});
    EXPECT_EQ(HelloAs(Channel(pair), "orders"), std::to_string(grpc::StatusCode::UNAVAILABLE));
  }
}

TEST_F(IdentityAttack, NorDoesWhoShowsNone) {
  EXPECT_EQ(
      HelloAs(NewChannel(server_->address(), grpc::SslCredentials({.pem_root_certs = TheAuthority().cert()})),
              "orders"),
      std::to_string(grpc::StatusCode::UNAVAILABLE));
}

TEST_F(IdentityAttack, ACommonNameIsNoSpiffeId) {
  EXPECT_EQ(Try("", "spiffe://prod/orders"), "CERTIFICATE_NAMELESS");
}

TEST_F(IdentityAttack, TwoNamesAreNone) {
  EXPECT_EQ(Try("URI:spiffe://prod/billing,URI:spiffe://prod/orders"), "CERTIFICATE_AMBIGUOUS");
  EXPECT_EQ(Try("DNS:a,DNS:b"), "CERTIFICATE_AMBIGUOUS");
}

TEST_F(IdentityAttack, NobodyIsNotWhoeverComes) { EXPECT_EQ(Try("IP:127.0.0.1"), "CERTIFICATE_NAMELESS"); }

TEST_F(IdentityAttack, AUriThatLooksLikeOneIsNone) {
  EXPECT_EQ(Try("URI:spiffe://prod/orders/../orders"), "CERTIFICATE_MALFORMED");
  EXPECT_EQ(Try("URI:SPIFFE://prod/orders"), "CERTIFICATE_MALFORMED");
}

TEST_F(IdentityAttack, AnAuthorityIsNoClient) {
  const PemPair pair = TheAuthority().IssueAny({.common_name = "x",
                                                .names = "URI:spiffe://prod/orders",
                                                .extensions = {{"basicConstraints", "critical,CA:TRUE"}}});
  EXPECT_EQ(HelloAs(Channel(pair), "orders"), "CERTIFICATE_IS_CA");
}

TEST_F(IdentityAttack, AGoodOneIsStillAnother) {
  EXPECT_EQ(Try("URI:spiffe://prod/billing"), "PRINCIPAL_MISMATCH");
  EXPECT_EQ(Try("URI:spiffe://prod2/orders"), "PRINCIPAL_MISMATCH");
  EXPECT_EQ(Try("DNS:orders"), "PRINCIPAL_MISMATCH");
}

TEST_F(AttackTest, WhereCommonNamesCountOneIsStillNoSpiffeId) {
  StartTls({"--allow-common-names"});
  Bystander orders(Channel(Certificate("URI:spiffe://prod/orders")), "orders");
  ASSERT_TRUE(orders.welcomed());
  EXPECT_EQ(HelloAs(Channel(Certificate("", "spiffe://prod/orders")), "orders"), "PRINCIPAL_MISMATCH");
  EXPECT_EQ(HelloAs(Channel(Certificate("", "orders")), "mine"), "welcome");
}

TEST_F(AttackTest, ATrustDomainIsNotAnyOfTheAuthoritys) {
  StartTls({"--trust-domain=prod"});
  EXPECT_EQ(HelloAs(Channel(Certificate("URI:spiffe://prod/orders")), "orders"), "welcome");
  EXPECT_EQ(HelloAs(Channel(Certificate("URI:spiffe://stage/orders")), "stage"), "TRUST_DOMAIN_UNKNOWN");
}

}  // namespace
}  // namespace liveness::testing
