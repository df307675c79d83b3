// What is revoked is out, also from what it has open.
#include "tests/attack/attacked_server.h"

namespace liveness::testing {
namespace {

// Files are looked at once a second.
constexpr std::chrono::milliseconds kSoon{10'000};

class RevocationAttack : public AttackTest {
 protected:
  // The stream of `orders` ends as revoked, and the client dies of it.
  void ExpectOut(Bystander& orders, const std::shared_ptr<grpc::Channel>& viewer,
                 const std::string& token = {}) {
    const auto end = orders.End(kSoon);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(ReasonOrCode(*end), "REVOKED");
    EXPECT_TRUE(Within(kSoon, [&] { return Get(viewer, "orders", token)->state() == v1::STATE_DEAD; }));
    EXPECT_EQ(Get(viewer, "orders", token)->cause(), v1::CAUSE_REVOKED);
  }
};

TEST_F(RevocationAttack, ACertificate) {
  const PemPair mine = Certificate("URI:spiffe://prod/orders"),
                other = Certificate("URI:spiffe://prod/billing");
  StartTls({"--tls-crl=" + Write("crl.pem", TheAuthority().Revoke({}))});
  Bystander orders(Channel(mine), "orders"), billing(Channel(other), "billing");
  ASSERT_TRUE(orders.welcomed() && billing.welcomed());
  Write("crl.pem", TheAuthority().Revoke({mine.cert}));
  ExpectOut(orders, Channel(other));
  EXPECT_EQ(HelloAs(Channel(mine), "orders"), "CERTIFICATE_REVOKED");
  EXPECT_EQ(Get(Channel(mine), "billing"), std::nullopt);
  EXPECT_EQ(billing.End(Millis(0)), std::nullopt) << "and nobody else";
  EXPECT_EQ(Get(Channel(other), "billing")->state(), v1::STATE_ALIVE);
}

TEST_F(RevocationAttack, AToken) {
  const std::string ops = TokenEntry("ops", "\"view\"");
  Start({"--token-file=" + Write("tokens.toml", ops + TokenEntry("orders", "\"beat\""))});
  Bystander orders(Channel(), "orders", TokenOf("orders"));
  ASSERT_TRUE(orders.welcomed());
  EXPECT_EQ(Get(Channel(), "orders", TokenOf("ops"))->principal(), "token:orders");
  Write("tokens.toml", ops);
  ExpectOut(orders, Channel(), TokenOf("ops"));
  EXPECT_EQ(HelloAs(Channel(), "orders", "x", TokenOf("orders")), "BAD_TOKEN");
}

TEST_F(RevocationAttack, ATokenAtItsExpiry) {
  const std::string ops = TokenEntry("ops", "\"view\"");
  const std::time_t soon = std::time(nullptr) + 3;
  std::tm parts{};
  gmtime_r(&soon, &parts);
  char expires[64];
  std::strftime(expires, sizeof(expires), "expires = %Y-%m-%dT%H:%M:%SZ\n", &parts);
  Start({"--token-file=" + Write("tokens.toml", ops + TokenEntry("orders", "\"beat\"", expires))});
  Bystander orders(Channel(), "orders", TokenOf("orders"));
  ASSERT_TRUE(orders.welcomed());
  ExpectOut(orders, Channel(), TokenOf("ops"));
  EXPECT_EQ(HelloAs(Channel(), "orders", "x", TokenOf("orders")), "TOKEN_EXPIRED");
}

TEST_F(RevocationAttack, ARule) {
  const std::string see = "[[rule]]\nname = \"see\"\nwho = [\"dns:ops\"]\nview = [\"*\"]\n";
  const std::string beat = "[[rule]]\nname = \"beat\"\nwho = [\"spiffe://prod/{x}\"]\nbeat = [\"{x}\"]\n";
  StartTls({"--rules=" + Write("rules.toml", see + beat)});
  Bystander orders(Channel(Certificate("URI:spiffe://prod/orders")), "orders");
  ASSERT_TRUE(orders.welcomed());
  const auto ops = Channel(Certificate("DNS:ops"));
  Write("rules.toml", see + beat + "this is no TOML");
  EXPECT_EQ(orders.End(Millis(3'000)), std::nullopt) << "a file that is refused changes nothing";
  EXPECT_EQ(Get(ops, "orders")->state(), v1::STATE_ALIVE);
  Write("rules.toml", see);
  ExpectOut(orders, ops);
  EXPECT_EQ(HelloAs(Channel(Certificate("URI:spiffe://prod/orders")), "orders"), "NOT_ALLOWED");
}

TEST_F(RevocationAttack, AWatchEndsToo) {
  const std::string view = "[[rule]]\nname = \"see\"\nwho = [\"dns:ops\"]\nview = [\"*\"]\n";
  StartTls({"--rules=" + Write("rules.toml", view)});
  v1::RegistryService::Stub stub(Channel(Certificate("DNS:ops")));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const auto watch = stub.WatchClients(&context, v1::WatchClientsRequest());
  v1::WatchClientsResponse response;
  ASSERT_TRUE(watch->Read(&response));
  Write("rules.toml", "");
  while (watch->Read(&response)) {
  }
  EXPECT_EQ(ReasonOrCode(watch->Finish()), "REVOKED");
}

}  // namespace
}  // namespace liveness::testing
