#include "server/core/filter/order_by.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"

namespace liveness::core {
namespace {

TEST(OrderByTest, KnowsItsFieldBothWays) {
  EXPECT_EQ(*ParseOrderBy("", "client_id"), OrderBy{});
  EXPECT_EQ(*ParseOrderBy("client_id", "client_id"), OrderBy{});
  EXPECT_EQ(*ParseOrderBy("client_id desc", "client_id"), OrderBy{.descending = true});
  EXPECT_EQ(*ParseOrderBy("  revision \t desc ", "revision"), OrderBy{.descending = true});
}

TEST(OrderByTest, RefusesTheRestAndSaysWhatIsAllowed) {
  for (const char* text :
       {"host", "client_id asc", "client_id desc desc", "client_id,host", "CLIENT_ID", "desc"}) {
    const absl::Status status = ParseOrderBy(text, "client_id").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(common::ReasonOf(status), "BAD_ORDER_BY");
    ASSERT_EQ(common::ViolationsOf(status).size(), 1u);
    EXPECT_EQ(common::ViolationsOf(status)[0].description, "must be \"client_id\" or \"client_id desc\"");
  }
}

}  // namespace
}  // namespace liveness::core
