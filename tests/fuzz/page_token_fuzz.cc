// Page tokens, and the positions within them: what comes back is what was given out, and nothing else passes.
#include <string>
#include <string_view>
#include <vector>

#include "common/signer.h"
#include "server/core/filter/order_position.h"
#include "server/core/filter/page_token.h"
#include "tests/fuzz/fuzz.h"

namespace liveness::fuzz {
namespace {

constexpr core::PageQuery kQuery{.method = "ListClients", .filter = "state = DEAD"};
constexpr core::PageQuery kOther{.method = "ListClients", .filter = "state = DEAD", .descending = true};

core::MacFunction Mac() {
  return [](std::string_view message) { return common::Signer("a key").Sign(message); };
}

core::OrderPosition Position() {
  return {.shown = 7, .wall_lead = common::Duration(42), .value = -5, .client_id = "shop/orders/1"};
}

void TryPosition(std::string_view text) {
  const auto position = core::DecodeOrderPosition(text);
  if (!position.ok()) return;
  const auto again = core::DecodeOrderPosition(core::EncodeOrderPosition(*position));
  Require(again.ok() && again->shown == position->shown && again->wall_lead == position->wall_lead &&
              again->value == position->value && again->client_id == position->client_id,
          "a position that is read is written as itself");
}

}  // namespace

std::vector<std::string> Seeds() {
  return {"",
          "shop/orders/1",
          core::EncodePageToken(kQuery, "shop/orders/1", Mac()),
          core::EncodePageToken(kOther, "4711", Mac()),
          core::EncodeOrderPosition(Position()),
          core::EncodePageToken(kQuery, core::EncodeOrderPosition(Position()), Mac())};
}

void Try(std::string_view input) {
  static const core::MacFunction mac = Mac();
  TryPosition(input);
  const auto position = core::DecodePageToken(kQuery, input, mac);
  if (position.ok() && !position->empty()) {
    Require(core::EncodePageToken(kQuery, *position, mac) == input, "one position has one token");
  }
  if (input.empty()) return;

  std::string token = core::EncodePageToken(kQuery, input, mac);
  const auto back = core::DecodePageToken(kQuery, token, mac);
  // A position is a client's id at most: what is far longer is no token.
  Require(back.ok() ? *back == input : token.size() > 4'096, "a token brings its position back");
  Require(!core::DecodePageToken(kOther, token, mac).ok(), "a token of one query is none of another's");
  Require(!core::DecodePageToken(kQuery, token,
                                 [](std::string_view text) { return common::Signer("b").Sign(text); })
               .ok(),
          "a token of one key is none of another's");
  const std::size_t at = static_cast<unsigned char>(input.front()) * input.size() % token.size();
  token[at] = token[at] == 'A' ? 'B' : 'A';
  Require(!core::DecodePageToken(kQuery, token, mac).ok(), "an edited token is refused");
}

}  // namespace liveness::fuzz
