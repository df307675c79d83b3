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

}  // namespace
}  // namespace liveness
