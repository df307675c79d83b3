// Guessing tokens.
#include "tests/attack/audit_attack.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

class GuessAttack : public AuditAttack {
 protected:
  static std::string Guess(int n) { return "lvt_" + std::string(39, 'g') + std::to_string(1000 + n); }
  // What a guess is told. Each has a connection of its own: it is the address that counts.
  std::string Try(int n) const { return ReasonOrCode(View(Guess(n))); }
};

TEST_F(GuessAttack, IsToldToWaitAndStandsInTheAuditLog) {
  for (int n = 0; n < 20; ++n) EXPECT_EQ(Try(n), "BAD_TOKEN");
  int limited = 0;
  for (int n = 20; n < 200; ++n) {
    const grpc::Status status = View(Guess(n));
    if (ReasonOrCode(status) != "TOO_MANY_BAD_TOKENS") continue;
    ++limited;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_TRUE(DetailsOf(status).retry_delay);
  }
  EXPECT_GT(limited, 100) << "one every three seconds is still looked at";
  EXPECT_EQ(Only("reason = BAD_TOKEN").principal(), "");
  EXPECT_GE(Only("reason = BAD_TOKEN").count(), 20U);
  EXPECT_EQ(Only("reason = TOO_MANY_BAD_TOKENS").count(), static_cast<std::uint64_t>(limited));
}

// Whatever way it takes. With one a minute no other is looked at before this test is over.
class OneGuessAttack : public GuessAttack {
 protected:
  void SetUp() override { StartWith({"--max-bad-tokens=1"}); }
};

TEST_F(OneGuessAttack, HasNoWayRound) {
  EXPECT_EQ(Try(0), "BAD_TOKEN");
  EXPECT_EQ(Try(1), "TOO_MANY_BAD_TOKENS");
  EXPECT_EQ(HelloAs(Channel(), "x", "y", Guess(2)), "TOO_MANY_BAD_TOKENS");
  const HttpAnswer answer = Fetch("/api/v1/clients", Guess(3));
  EXPECT_EQ(answer.status, 429);
  EXPECT_TRUE(answer.fields.contains("Retry-After"));
  const auto post = [this](const std::string& target) {
    return HttpConnection(server_->http_address())
        .Post(target, "{}", "Content-Type: application/json\r\nAuthorization: Bearer " + Guess(4) + "\r\n")
        .status;
  };
  for (const char* target : {"/api/v1/session", "/api/v1/server:drain", "/api/v1/clients/orders:evict"})
    EXPECT_EQ(post(target), 429) << target;
  EXPECT_THAT(Fetch("/metrics", TokenOf("ops")).body,
              HasSubstr("liveness_bad_tokens_total{answer=\"limited\"} 6\n"));
}

// Who guesses may stand behind the same address as a fleet.
TEST_F(GuessAttack, LocksNobodyOutWhoHasAToken) {
  for (int n = 0; n < 500; ++n) (void)Try(n);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(View(TokenOf("viewer")).ok());
    EXPECT_EQ(HelloAs(Channel(), "evil-" + std::to_string(i), "x", TokenOf("evil")), "welcome");
    EXPECT_EQ(Fetch("/api/v1/clients", TokenOf("viewer")).status, 200);
  }
}

}  // namespace
}  // namespace liveness::testing
