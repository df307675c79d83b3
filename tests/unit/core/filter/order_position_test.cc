#include "server/core/filter/order_position.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/status.h"

namespace liveness::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(OrderPositionTest, ByValueThenByIdAndThoseWithoutLast) {
  for (const bool descending : {false, true}) {
    const OrderKey low{1, "z"}, high{2, "a"}, tie{1, "y"}, none{std::nullopt, "a"}, other{std::nullopt, "b"};
    EXPECT_EQ(ComesBefore(low, high, descending), !descending);
    EXPECT_EQ(ComesBefore(high, low, descending), descending);
    EXPECT_TRUE(ComesBefore(tie, low, descending));
    EXPECT_FALSE(ComesBefore(low, tie, descending));
    for (const OrderKey& key : {low, high, tie}) {
      EXPECT_TRUE(ComesBefore(key, none, descending));
      EXPECT_FALSE(ComesBefore(none, key, descending));
    }
    EXPECT_TRUE(ComesBefore(none, other, descending));
    EXPECT_FALSE(ComesBefore(none, none, descending));
  }
}

TEST(OrderPositionTest, GoesRound) {
  for (const std::optional<std::int64_t> value :
       {std::optional<std::int64_t>(), std::optional<std::int64_t>(0),
        std::optional(std::numeric_limits<std::int64_t>::min()),
        std::optional(std::numeric_limits<std::int64_t>::max())}) {
    for (const char* id : {"db-1", "a b  c", "-", "ключ/☃ "}) {
      const std::size_t shown = *id == '-' ? 0 : 17;
      const OrderPosition position{shown, hours(-3), value, id};
      const auto decoded = DecodeOrderPosition(EncodeOrderPosition(position));
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(decoded->shown, shown);
      EXPECT_EQ(decoded->wall_lead, hours(-3));
      EXPECT_EQ(decoded->value, value);
      EXPECT_EQ(decoded->client_id, id);
    }
  }
}

TEST(OrderPositionTest, RefusesWhatIsNone) {
  for (const char* text : {"", "db-1", "1 2 3", "-1 2 3 a", "1 x 3 a", "1 2 x a", "1 2 3x a", " 2 3 a",
                           "99999999999999999999 2 3 a"}) {
    EXPECT_EQ(common::ReasonOf(DecodeOrderPosition(text).status()), "BAD_PAGE_TOKEN") << text;
  }
}

TEST(OrderPositionTest, PagesKeepTheFirstLeadUnlessTheClockWasSet) {
  EXPECT_EQ(SameLead(hours(5), hours(5) + milliseconds(3)), hours(5));
  EXPECT_EQ(SameLead(hours(5), hours(5) - milliseconds(3)), hours(5));
  EXPECT_EQ(SameLead(hours(5), hours(6)), hours(6));
  EXPECT_EQ(SameLead(hours(6), hours(5)), hours(5));
}

}  // namespace
}  // namespace liveness::core
