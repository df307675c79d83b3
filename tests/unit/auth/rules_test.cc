#include "server/auth/rules/rules.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/record/client_fields.h"

namespace liveness::auth {
namespace {

using ::testing::HasSubstr;

constexpr char kFile[] = R"(
[[rule]]
name = "services"
who  = ["spiffe://prod/ns/{ns}/sa/{sa}", "dns:{sa}.{ns}.prod"]
beat = ["{ns}/{sa}/*"]
view = ['client_id = "{ns}/*"', 'labels.team = "{ns}"']

[[rule]]
name  = "operators"
who   = ["token:ops-*", "unix:socket"]
view  = ["*"]
admin = ["evict", "drain"]

[[rule]]
name = "payroll"
deny = true
who  = ["spiffe://prod/ns/contractors/*", "token:ops-night"]
beat = ["contractors/payroll/*"]
view = ['client_id = "payroll/*"']
admin = ["drain"]
)";

constexpr char kOrders[] = "spiffe://prod/ns/shop/sa/orders";

core::ClientRecord Record(const std::string& id, const core::Labels& labels = {}) {
  core::ClientRecord record;
  core::ClientInfo info;
  info.client_id = id;
  info.labels = labels;
  record.info = core::PackedInfo(info);
  return record;
}

bool Sees(const View& view, const core::ClientRecord& record) {
  return view.filter.Matches(core::ClientFields(record));
}

class RulesTest : public ::testing::Test {
 protected:
  const Rules rules_ = Rules::Parse(kFile, "rules.toml").value();
};

TEST_F(RulesTest, AnIdIsMadeOfThePrincipal) {
  const Decision may = rules_.MayBeat(kOrders, "shop/orders/1");
  EXPECT_TRUE(may.allowed);
  EXPECT_EQ(may.rule, "services");
  EXPECT_TRUE(rules_.MayBeat("dns:orders.shop.prod", "shop/orders/1").allowed);
  for (const char* foreign : {"shop/billing/1", "orders/shop/1", "shop/orders", "shop/orders2/1", ""}) {
    EXPECT_FALSE(rules_.MayBeat(kOrders, foreign).allowed) << foreign;
  }
  EXPECT_FALSE(rules_.MayBeat("cn:spiffe://prod/ns/shop/sa/orders", "shop/orders/1").allowed);
  EXPECT_FALSE(rules_.MayBeat("", "shop/orders/1").allowed);
}

TEST_F(RulesTest, AViewIsWhatOneOfTheFiltersMatches) {
  const View view = rules_.ViewOf(kOrders);
  EXPECT_TRUE(view.decision.allowed);
  EXPECT_EQ(view.decision.rule, "services");
  EXPECT_TRUE(Sees(view, Record("shop/a")));
  EXPECT_TRUE(Sees(view, Record("else/a", {{"team", "shop"}})));
  EXPECT_FALSE(Sees(view, Record("else/a")));
  EXPECT_FALSE(Sees(view, Record("shopping")));
  EXPECT_TRUE(rules_.ViewOf("unix:socket").filter.matches_all());
}

TEST_F(RulesTest, WhomNoRuleFitsSeesNobody) {
  for (const char* stranger : {"", "dns:x", "token:opsx", "spiffe://test/ns/shop/sa/orders"}) {
    const View view = rules_.ViewOf(stranger);
    EXPECT_FALSE(view.decision.allowed) << stranger;
    EXPECT_FALSE(view.filter.matches_all()) << stranger;
    EXPECT_FALSE(Sees(view, Record("shop/a"))) << stranger;
    EXPECT_FALSE(Sees(view, Record(""))) << stranger;
    EXPECT_FALSE(rules_.MayAct(stranger, Action::kEvict).allowed) << stranger;
  }
}

TEST_F(RulesTest, WhatIsDeniedIsDeniedWhoeverAllowsIt) {
  constexpr char kPayroll[] = "spiffe://prod/ns/contractors/sa/payroll";
  const Decision may = rules_.MayBeat(kPayroll, "contractors/payroll/1");
  EXPECT_FALSE(may.allowed);
  EXPECT_EQ(may.rule, "payroll");
  EXPECT_TRUE(rules_.MayAct("token:ops-day", Action::kDrain).allowed);
  EXPECT_FALSE(rules_.MayAct("token:ops-night", Action::kDrain).allowed);
  EXPECT_TRUE(rules_.MayAct("token:ops-night", Action::kEvict).allowed);
  const View view = rules_.ViewOf("token:ops-night");
  EXPECT_FALSE(view.filter.matches_all());
  EXPECT_FALSE(Sees(view, Record("payroll/1")));
  EXPECT_TRUE(Sees(view, Record("shop/1")));
}

TEST(Rules, ADenialOfEverythingLeavesNothing) {
  const Rules rules = Rules::Parse(R"(
    [[rule]]
    name = "none"
    deny = true
    who = ["dns:bad"]
    view = ["*"]
    [[rule]]
    name = "all"
    who = ["*"]
    view = ["*"])",
                                   "f")
                          .value();
  EXPECT_TRUE(rules.ViewOf("dns:good").filter.matches_all());
  EXPECT_FALSE(rules.ViewOf("dns:bad").decision.allowed);
  EXPECT_FALSE(Sees(rules.ViewOf("dns:bad"), Record("a")));
}

TEST(Rules, ThoseOfNoFile) {
  const Rules rules = Rules::Parse(Rules::DefaultText(), "default").value();
  EXPECT_TRUE(rules.MayBeat("dns:a", "anything").allowed);
  EXPECT_TRUE(rules.ViewOf("dns:a").filter.matches_all());
  EXPECT_FALSE(rules.MayAct("dns:a", Action::kEvict).allowed);
  for (const char* operators : {"unix:socket", "token:ops"}) {
    EXPECT_TRUE(rules.MayAct(operators, Action::kAudit).allowed) << operators;
  }
  EXPECT_FALSE(rules.MayBeat("", "a").allowed);
  EXPECT_FALSE(rules.ViewOf("").decision.allowed);
}

TEST(Rules, AllThatIsWrongIsToldWithItsPlace) {
  const auto rules = Rules::Parse(R"([[rule]]
name = "a"
who = ["spiffe://prod/*", "nobody"]
beat = ["{ns}"]
views = ["*"]
[[rule]]
name = "a"
deny = "yes"
who = ["*"]
admin = ["beat"]
[[rule]]
name = "b"
who = ["*"]
)",
                                  "rules.toml");
  ASSERT_FALSE(rules.ok());
  const std::string text(rules.status().message());
  for (const char* part :
       {"rules.toml:3:", "\"nobody\" begins with none of", "rules.toml:4:", "uses {ns}",
        "rules.toml:5:", "'views'", "'view'", "rules.toml:7:", "another rule as well",
        "rules.toml:8:", "rules.toml:10:", "\"beat\" is none of", "rules.toml:12:", "a rule about nothing"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Rules, AFilterThatIsNoneIsTold) {
  const auto rules = Rules::Parse("[[rule]]\nname = 'a'\nwho = ['*']\nview = ['statt = ALIVE', '']", "f");
  EXPECT_THAT(std::string(rules.status().message()), HasSubstr("f:4:"));
  EXPECT_THAT(std::string(rules.status().message()), HasSubstr("statt"));
  EXPECT_THAT(std::string(rules.status().message()), HasSubstr("it is empty"));
}

// Whatever a file is turned into: it is read, or refused, and nobody who was nobody becomes somebody.
TEST(Rules, ARuleIsAboutSomebody) {
  const auto rules = Rules::Parse(
      "[[rule]]\nname = \"a\"\nwho = []\nbeat = [\"{ns}/*\"]\nview = ['labels.team = \"{ns}\"']\n",
      "rules.toml");
  EXPECT_EQ(rules.status().message(), "rules.toml:3:7: key 'who' names nobody");
}

TEST(Rules, BrokenFilesLetNobodyIn) {
  std::mt19937 random(1);
  for (int i = 0; i < 3'000; ++i) {
    std::string text = kFile;
    for (int n = 0; n < 1 + i % 4; ++n) {
      const std::size_t at = random() % text.size();
      const auto c = static_cast<char>(random() % 128);
      switch (random() % 3) {
        case 0: text[at] = c; break;
        case 1: text.erase(at, 1 + random() % 8); break;
        default: text.insert(at, 1, c);
      }
    }
    const auto rules = Rules::Parse(text, "f");
    if (!rules.ok()) continue;
    EXPECT_FALSE(rules->ViewOf("").decision.allowed) << text;
    EXPECT_FALSE(rules->MayBeat("", "shop/orders/1").allowed) << text;
    EXPECT_FALSE(rules->MayAct("cn:x", Action::kDrain).allowed) << text;
  }
}

}  // namespace
}  // namespace liveness::auth
