// Principals, the patterns that fit them, and what rules build of their parts. The input: a principal, and on
// the next line a pattern.
#include <string>
#include <string_view>
#include <vector>

#include "common/utf8.h"
#include "server/auth/principal.h"
#include "server/auth/rules/pattern.h"
#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/made_record.h"

namespace liveness::fuzz {
namespace {

void TryPrincipal(std::string_view text) {
  if (auth::IsSpiffeId(text)) {
    Require(auth::IsPrincipal(text), "a SPIFFE ID is a principal");
    const std::string_view domain = auth::TrustDomainOf(text);
    Require(!domain.empty() && text.substr(9).starts_with(domain), "a SPIFFE ID has its trust domain");
    Require(common::IsValidUtf8(text) && !common::HasControlCharacter(text), "a SPIFFE ID is plain text");
    const std::string path = std::string(text.substr(9 + domain.size())) + "/";
    Require(path.size() > 2 && path.find("//") == std::string::npos &&
                path.find("/./") == std::string::npos && path.find("/../") == std::string::npos,
            "its path is canonical");
  }
  for (const std::string& named :
       {auth::CommonNamePrincipal(text), auth::DnsPrincipal(text), auth::TokenPrincipal(text)}) {
    Require(!auth::IsSpiffeId(named) && named != text && named != auth::kUnixPrincipal,
            "a name that is spelled as another kind is none of it");
    Require(auth::IsPrincipal(named) == !text.empty(), "whoever has a name is a principal");
  }
}

void TryPattern(std::string_view text, std::string_view principal) {
  const auto pattern = auth::PrincipalPattern::Parse(text);
  if (!pattern.ok()) return;
  Require(pattern->text() == text, "the text is kept");
  const auto captures = pattern->Match(principal);
  if (captures) {
    Require(captures->size() == pattern->Names().size(), "each name finds its part");
    Require(principal.empty() == (text == "anonymous"), "nobody is fitted by one pattern alone");
    for (const auto& [name, part] : *captures) {
      Require(!part.empty() && principal.find(part) != std::string_view::npos, "a part is of the principal");
    }
  }
  if (text.find_first_of("{}*") == std::string_view::npos && text != "anonymous") {
    Require(captures.has_value() == (principal == text), "a pattern without parts fits itself alone");
  }
}

// What a part is cannot end the quotes that it stands in, nor reach beyond its own value.
void TryPart(const std::string& part) {
  static const auto equals = auth::FilterTemplate::Parse("labels.team = \"{x}\"").value();
  const auto filter = core::Filter::Parse(equals.Fill({{"x", part}}), core::WatchSchema());
  if (!filter.ok()) return;  // e.g. it is no UTF-8, and matches nobody
  const core::ClientRecord same = MadeRecord("a", {{"team", part}}),
                           other = MadeRecord("a", {{"team", part + "x"}});
  Require(filter->Matches(core::ClientFields(same)) || part.empty(), "a part means itself");
  Require(!filter->Matches(core::ClientFields(other)), "a part means itself alone");

  static const auto below = auth::IdPattern::Parse("{x}/*").value();
  Require(below.Matches(part + "/1", {{"x", part}}), "an id below the part fits");
  Require(!below.Matches(part + "x/1", {{"x", part + "/y"}}), "an id beside the part does not");
}

}  // namespace

std::vector<std::string> Seeds() {
  return {"spiffe://prod/ns/shop/sa/orders\nspiffe://prod/ns/{ns}/sa/{sa}",
          "dns:orders.shop.prod\ndns:{sa}.{ns}.prod", "cn:spiffe://prod/orders\ncn:*",
          "token:ops-anna\ntoken:ops-*", "unix:socket\nunix:socket", "\nanonymous",
          // A trust domain may be dots alone; a part of the path may not.
          "spiffe://../orders\nspiffe://../{x}", "dns:a\n*", "a\" OR client_id = \"*\nspiffe://prod/*",
          "a\\\n{x}"};
}

void Try(std::string_view input) {
  const std::string_view principal = TakeLine(input);
  TryPrincipal(principal);
  TryPattern(input, principal);
  TryPart(std::string(principal));
}

}  // namespace liveness::fuzz
