#include "server/hooks/signature.h"

#include <vector>

#include <gtest/gtest.h>

namespace liveness::hooks {
namespace {

const common::WallTime kThen(std::chrono::milliseconds(1'614'265'330'999));
constexpr char kId[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr char kBody[] = "{\"test\": 2432232314}";

// The example of the specification's own libraries.
TEST(Signature, IsTheOneOfStandardWebhooks) {
  const std::vector<Secret> secrets = {*Secret::Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  const SignatureHeaders headers = Sign(secrets, kId, kThen, kBody);
  EXPECT_EQ(headers.id, kId);
  EXPECT_EQ(headers.timestamp, "1614265330");
  EXPECT_EQ(headers.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signature, EachSecretSigns) {
  const std::vector<Secret> secrets = {*Secret::Parse("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                                       *Secret::Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  const SignatureHeaders headers = Sign(secrets, kId, kThen, kBody);
  EXPECT_EQ(headers.signature.find("v1,"), 0u);
  EXPECT_EQ(headers.signature.substr(48), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  EXPECT_EQ(headers.signature[47], ' ');
}

TEST(Signature, CoversIdTimeAndBody) {
  const std::vector<Secret> secrets = {*Secret::Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  const std::string signature = Sign(secrets, kId, kThen, kBody).signature;
  EXPECT_NE(Sign(secrets, "msg", kThen, kBody).signature, signature);
  EXPECT_NE(Sign(secrets, kId, kThen + std::chrono::seconds(1), kBody).signature, signature);
  EXPECT_NE(Sign(secrets, kId, kThen, "{}").signature, signature);
  EXPECT_EQ(Sign({}, kId, kThen, kBody).signature, "");
}

}  // namespace
}  // namespace liveness::hooks
