#include "server/core/filter/order_by.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"

namespace liveness::core {
namespace {

absl::StatusOr<OrderBy> Parse(std::string_view text) { return ParseOrderBy(text, {"client_id", "rtt"}); }

TEST(OrderByTest, KnowsItsFieldsBothWays) {
  EXPECT_EQ(*Parse(""), (OrderBy{"client_id"}));
  EXPECT_EQ(*Parse("client_id"), (OrderBy{"client_id"}));
  EXPECT_EQ(*Parse("client_id desc"), (OrderBy{"client_id", true}));
  EXPECT_EQ(*Parse("  rtt \t desc "), (OrderBy{"rtt", true}));
  EXPECT_EQ(*ParseOrderBy("revision", {"revision"}), (OrderBy{"revision"}));
}

std::string Refusal(std::string_view text, std::initializer_list<std::string_view> fields) {
  const absl::Status status = ParseOrderBy(text, fields).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_EQ(common::ReasonOf(status), "BAD_ORDER_BY");
  EXPECT_EQ(common::ViolationsOf(status).size(), 1u);
  return common::ViolationsOf(status).empty() ? "" : common::ViolationsOf(status)[0].description;
}

TEST(OrderByTest, RefusesTheRestAndSaysWhatIsAllowed) {
  for (const char* text :
       {"host", "client_id asc", "client_id desc desc", "client_id,host", "CLIENT_ID", "desc"}) {
    EXPECT_EQ(Refusal(text, {"client_id"}), "must be \"client_id\" or \"client_id desc\"");
    EXPECT_EQ(Refusal(text, {"client_id", "state_time", "rtt"}),
              "must be one of client_id, state_time or rtt, each also with \" desc\" after it");
  }
}

}  // namespace
}  // namespace liveness::core
