#include "client/src/session_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(SessionOptions, APathIsTrustedMoreThanAPortUnlessThereIsTls) {
  ClientOptions options;
  options.targets = {"127.0.0.1:7700", "unix:/run/livenessd.sock"};
  EXPECT_EQ(SessionOptions(options, {}).targets, 2U);
  EXPECT_THAT(SessionOptions(options, {}).trust, ElementsAre(0, 1));
  options.tls = Tls{};
  EXPECT_THAT(SessionOptions(options, {}).trust, ElementsAre(0, 0));
}

TEST(SessionOptions, AQualityIsTheTimeInWhichSilenceIsFound) {
  ClientOptions options;
  options.interval = 1s;
  options.timeout = 4s;
  EXPECT_EQ(SessionOptions(options, {}).interval, 1s);
  EXPECT_EQ(SessionOptions(options, {}).timeout, 4s);
  options.quality = Quality{.found_within = 3s, .mistake_recurrence = 1h};
  EXPECT_EQ(SessionOptions(options, {}).timeout, 3s);
}

}  // namespace
}  // namespace liveness::internal
