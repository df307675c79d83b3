#include "server/auth/rules/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::auth {
namespace {

using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::optional<Captures> Match(const char* pattern, const char* principal) {
  return PrincipalPattern::Parse(pattern).value().Match(principal);
}

TEST(PrincipalPattern, PartsAreFoundBetweenSeparators) {
  EXPECT_THAT(Match("spiffe://prod/ns/{ns}/sa/{sa}", "spiffe://prod/ns/shop/sa/orders"),
              Optional(UnorderedElementsAre(Pair("ns", "shop"), Pair("sa", "orders"))));
  EXPECT_THAT(Match("dns:{sa}.{ns}.prod", "dns:orders.shop.prod"),
              Optional(UnorderedElementsAre(Pair("ns", "shop"), Pair("sa", "orders"))));
  EXPECT_THAT(Match("token:{name}", "token:a.b-c"), Optional(UnorderedElementsAre(Pair("name", "a.b-c"))));
  EXPECT_EQ(Match("spiffe://prod/ns/{ns}", "spiffe://prod/ns/shop/sa/orders"), std::nullopt)
      << "a part ends at the separator";
  EXPECT_EQ(Match("dns:{host}.prod", "dns:a.b.prod"), std::nullopt);
  EXPECT_EQ(Match("spiffe://prod/{a}", "spiffe://prod/"), std::nullopt) << "no part is empty";
}

TEST(PrincipalPattern, AStarIsTheRest) {
  EXPECT_THAT(Match("spiffe://prod/*", "spiffe://prod/ns/shop"), Optional(IsEmpty()));
  EXPECT_EQ(Match("spiffe://prod/*", "spiffe://prod2/ns"), std::nullopt);
  EXPECT_THAT(Match("spiffe://prod/{a}/*", "spiffe://prod/x/y/z"),
              Optional(UnorderedElementsAre(Pair("a", "x"))));
  EXPECT_THAT(Match("*", "dns:a"), Optional(IsEmpty()));
  EXPECT_EQ(Match("*", ""), std::nullopt) << "nobody is not anybody";
  EXPECT_THAT(Match("anonymous", ""), Optional(IsEmpty()));
  EXPECT_EQ(Match("anonymous", "cn:anonymous"), std::nullopt);
}

TEST(PrincipalPattern, ATypeIsNeverGuessed) {
  EXPECT_EQ(Match("spiffe://prod/*", "cn:spiffe://prod/orders"), std::nullopt);
  EXPECT_EQ(Match("unix:socket", "unix:socket2"), std::nullopt);
}

TEST(PrincipalPattern, WhatMeansNothingIsRefused) {
  for (const char* bad :
       {"", "orders", "spiffe:/x", "spiffe://prod/*/x", "spiffe://{a", "spiffe://a}", "dns:{}", "dns:{a b}",
        "dns:{a}{b}", "dns:{a}-{b}", "dns:{a}*", "dns:{a}.{a}", "**"}) {
    EXPECT_FALSE(PrincipalPattern::Parse(bad).ok()) << bad;
  }
}

TEST(IdPattern, PartsAreFilledInAsTheyAre) {
  const IdPattern pattern = IdPattern::Parse("{ns}/{sa}/*").value();
  const Captures captures = {{"ns", "shop"}, {"sa", "orders"}};
  EXPECT_TRUE(pattern.Matches("shop/orders/1", captures));
  EXPECT_TRUE(pattern.Matches("shop/orders/", captures));
  EXPECT_FALSE(pattern.Matches("shop/orders", captures));
  EXPECT_FALSE(pattern.Matches("shop/orders2/1", captures));
  EXPECT_TRUE(IdPattern::Parse("web-1").value().Matches("web-1", {}));
  EXPECT_FALSE(IdPattern::Parse("web-1").value().Matches("web-10", {}));
  EXPECT_TRUE(IdPattern::Parse("*").value().Matches("anything", {}));
  EXPECT_FALSE(IdPattern::Parse("").ok());
  EXPECT_FALSE(IdPattern::Parse("a*b").ok());
}

TEST(IdPattern, APartsStarIsAStar) {
  EXPECT_FALSE(IdPattern::Parse("{x}").value().Matches("anything", {{"x", "*"}}));
}

TEST(FilterTemplate, APartCannotLeaveItsQuotes) {
  const FilterTemplate filter = FilterTemplate::Parse("client_id = \"{x}/*\"").value();
  EXPECT_EQ(filter.Fill({{"x", "shop"}}), "client_id = \"shop/*\"");
  EXPECT_EQ(filter.Fill({{"x", "a\" OR client_id = \"*"}}), "client_id = \"a\\\" OR client_id = \\\"\\*/*\"");
  EXPECT_EQ(filter.Fill({{"x", "\\"}}), "client_id = \"\\\\/*\"");
  EXPECT_EQ(filter.Fill({{"x", "{y}"}}), "client_id = \"{y}/*\"");
}

TEST(FilterTemplate, APartStandsInDoubleQuotes) {
  for (const char* bad : {"client_id = {x}", "client_id = '{x}'", "labels.a = 'x\"' AND client_id = {x}",
                          "labels.a = \"b\" AND client_id = {x}", "labels.a = \"\\{x}\"",
                          "labels.a = \"b\\\"\" OR client_id = {x}"}) {
    EXPECT_FALSE(FilterTemplate::Parse(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace liveness::auth
