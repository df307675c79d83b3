// Rules files: a text is refused as a whole, or allows nothing that a rule denies.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "common/strings.h"
#include "server/auth/rules/rules.h"
#include "server/core/record/client_fields.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/made_record.h"
#include "tests/fuzz/plain_text.h"

namespace liveness::fuzz {
namespace {

constexpr char kDenyAll[] = R"(
[[rule]]
name = "nobody may do anything"
deny = true
who = ["*", "anonymous"]
beat = ["*"]
view = ["*"]
admin = ["*"]
)";

constexpr std::array<std::string_view, 5> kPrincipals = {
    "", "spiffe://prod/ns/shop/sa/orders", "dns:orders.shop.prod", "token:ops-anna", "unix:socket"};

// What `principal` may do, of a few things.
int Allowed(const auth::Rules& rules, std::string_view principal) {
  static const core::ClientRecord record = MadeRecord();
  int allowed = 0;
  const bool beats = rules.MayBeat(principal, "shop/orders/1").allowed;
  Require(!beats || rules.BeatsAtAll(principal), "whoever may beat under an id may beat at all");
  allowed += beats;
  for (const auth::Action act : auth::kActions) {
    if (!auth::Actions::Admin().Has(act)) continue;
    const auth::Decision decision = rules.MayAct(principal, act);
    Require(!decision.allowed || !decision.rule.empty(), "what is allowed is allowed by a rule");
    allowed += decision.allowed;
  }
  const auth::View view = rules.ViewOf(principal);
  const bool seen = view.filter.Matches(core::ClientFields(record));
  Require(view.decision.allowed || !seen, "who may not view sees nobody");
  return allowed + seen;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {std::string(auth::Rules::DefaultText()), kDenyAll, "",
          R"([[rule]]
name = "services"
who  = ["spiffe://prod/ns/{ns}/sa/{sa}", "dns:{sa}.{ns}.prod"]
beat = ["{ns}/{sa}/*"]
view = ['client_id = "{ns}/*"', 'labels.team = "{ns}"']
)",
          R"([[rule]]
name  = "operators"
who   = ["token:ops-*", "unix:socket"]
view  = ["*"]
admin = ["evict", "drain"]
[[rule]]
name = "payroll"
deny = true
who  = ["token:ops-anna"]
view = ['client_id = "payroll/*"']
)",
          // A rule about nobody, with a name of a part.
          "[[rule]]\nname = \"a\"\nwho = []\nview = ['labels.team = \"{ns}\"']\n"};
}

void Try(std::string_view input) {
  const auto rules = auth::Rules::Parse(input, "rules.toml");
  if (!rules.ok()) {
    Require(rules.status().code() == absl::StatusCode::kInvalidArgument && !rules.status().message().empty(),
            "a refusal says why");
    RequirePlainLines(common::ToStd(rules.status().message()), "a refusal is plain text");
    return;
  }
  const auto denied = auth::Rules::Parse(std::string(input) + kDenyAll, "rules.toml");
  for (const std::string_view principal : kPrincipals) {
    Allowed(*rules, principal);
    if (denied.ok()) Require(Allowed(*denied, principal) == 0, "deny wins");
  }
}

}  // namespace liveness::fuzz
