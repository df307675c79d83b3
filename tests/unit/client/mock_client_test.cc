// The mock as a user of the library would use it.
#include <liveness/mock_client.h>

#include <gtest/gtest.h>

namespace liveness {
namespace {

using ::testing::Return;

bool MayWrite(const ClientInterface& client) { return client.alive(); }

TEST(MockClient, StandsInForAClient) {
  MockClient client;
  EXPECT_CALL(client, alive()).WillOnce(Return(true)).WillOnce(Return(false));
  EXPECT_TRUE(MayWrite(client));
  EXPECT_FALSE(MayWrite(client));
}

// A worker under test needs no server, and no expectation for its token.
TEST(MockClient, GivesTokensThatDoNothing) {
  ::testing::NiceMock<MockClient> client;
  ClientInterface& interface = client;
  const auto token = interface.Progress("consumer", std::chrono::seconds(30));
  ASSERT_TRUE(token);
  token->Advance();
  { const auto idle = token->WhileIdle(); }
  EXPECT_CALL(client, Progress("other", ::testing::_)).WillOnce([] { return Error{"BAD_TOKEN", "no"}; });
  EXPECT_EQ(interface.Progress("other", std::chrono::seconds(30)).error().reason, "BAD_TOKEN");
}

}  // namespace
}  // namespace liveness
