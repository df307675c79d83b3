#include "server/rpc/query/paging.h"

#include <limits>

#include <gtest/gtest.h>

#include "common/status.h"

namespace liveness::rpc {
namespace {

TEST(PagingTest, PageSizesAreBoundedAndNegativeOnesRefused) {
  EXPECT_EQ(*PageSize(0), 100u);
  EXPECT_EQ(*PageSize(1), 1u);
  EXPECT_EQ(*PageSize(1000), 1000u);
  EXPECT_EQ(*PageSize(1001), 1000u);
  EXPECT_EQ(*PageSize(std::numeric_limits<std::int32_t>::max()), 1000u);
  for (const std::int32_t negative : {-1, std::numeric_limits<std::int32_t>::min()}) {
    const absl::Status status = PageSize(negative).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(common::ReasonOf(status), "BAD_PAGE_SIZE");
    EXPECT_EQ(common::ViolationsOf(status).at(0).field, "page_size");
  }
}

TEST(PagingTest, RevisionsSurviveBeingPositions) {
  for (const std::uint64_t revision :
       {std::uint64_t{0}, std::uint64_t{17}, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(*ParseRevisionPosition(RevisionPosition(revision)), revision);
  }
  for (const char* bad : {"", "-1", "1x", "99999999999999999999"}) {
    EXPECT_EQ(common::ReasonOf(ParseRevisionPosition(bad).status()), "BAD_PAGE_TOKEN") << bad;
  }
}

}  // namespace
}  // namespace liveness::rpc
