// What a filter costs, and that none costs more than the bound.
#include "server/core/filter/filter_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/limits.h"
#include "common/status.h"
#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"

namespace liveness::core {
namespace {

std::int64_t CostOfText(const std::string& text) {
  const auto filter = Filter::Parse(text, ClientSchema());
  EXPECT_TRUE(filter.ok()) << filter.status();
  return filter.ok() ? filter->cost() : -1;
}

// As many of `term` as a filter may be long.
std::string Many(const std::string& term) {
  std::string text = term;
  while (text.size() + 4 + term.size() <= common::kMaxFilterBytes) text += " OR " + term;
  return text;
}

TEST(FilterCostTest, CountsComparisonsByWhatTheyLookAt) {
  EXPECT_EQ(CostOfText(""), 0);
  EXPECT_EQ(CostOfText("pid = 1"), 2);
  EXPECT_EQ(CostOfText("state = ALIVE last_heartbeat_age > 5s register_time:*"), 6);
  EXPECT_EQ(CostOfText("client_id = abc"), 2);
  EXPECT_EQ(CostOfText("client_id = \"abc*\""), 2);
  EXPECT_EQ(CostOfText("host:*"), 2);
  EXPECT_EQ(CostOfText("host:abc*"), 2);
  EXPECT_EQ(CostOfText("host:abc"), 6 + 3);
  EXPECT_EQ(CostOfText("labels.zone = eu"), 4 + 2);
  EXPECT_EQ(CostOfText("labels:zone"), 4 + 2);
  EXPECT_EQ(CostOfText("labels.zone:eu"), 4 + 6 + 2);
}

TEST(FilterCostTest, WhatJoinsThemIsFree) {
  EXPECT_EQ(CostOfText("NOT (NOT (NOT pid = 1))"), 2);
  EXPECT_EQ(CostOfText("((pid = 1 OR pid = 2) AND -(pid = 3 pid = 4))"), 8);
}

TEST(FilterCostTest, ADearerOneIsRefusedWithItsCostAndTheBound) {
  for (const std::string& term :
       {"host:" + std::string(100, 'a'), std::string("labels.a:b"), std::string("host:a")}) {
    const auto refused = Filter::Parse(Many(term), ClientSchema());
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << term;
    EXPECT_EQ(common::ReasonOf(refused.status()), "FILTER_TOO_COSTLY") << term;
    const auto violations = common::ViolationsOf(refused.status());
    ASSERT_EQ(violations.size(), 1u);
    EXPECT_EQ(violations[0].field, "filter");
    EXPECT_THAT(violations[0].description, ::testing::HasSubstr("at most 1000"));
  }
}

TEST(FilterCostTest, AsManyNumbersOrIdsAsFitAreNotTooDear) {
  EXPECT_GT(CostOfText(Many("pid=1")), 800);
  EXPECT_GT(CostOfText(Many("client_id=a")), 400);
}

}  // namespace
}  // namespace liveness::core
