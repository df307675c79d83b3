#include "server/core/filter/order_position.h"

#include <charconv>
#include <chrono>

#include "common/status.h"
#include "common/strings.h"

namespace liveness::core {
namespace {

constexpr char kNone[] = "-";

// Takes the word before the next space off `text`; nullopt if there is none.
std::optional<std::string_view> TakeWord(std::string_view& text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(space + 1);
  return word;
}

std::optional<std::int64_t> ToNumber(std::string_view word) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

}  // namespace

bool ComesBefore(const OrderKey& a, const OrderKey& b, bool descending) {
  if (a.value == b.value) return a.client_id < b.client_id;
  if (!a.value || !b.value) return a.value.has_value();
  return descending ? *a.value > *b.value : *a.value < *b.value;
}

std::string EncodeOrderPosition(const OrderPosition& position) {
  return common::StrCat(position.shown, " ", position.wall_lead.count(), " ",
                        position.value ? std::to_string(*position.value) : kNone, " ", position.client_id);
}

absl::StatusOr<OrderPosition> DecodeOrderPosition(std::string_view text) {
  const auto shown = TakeWord(text);
  const auto lead = TakeWord(text);
  const auto value = TakeWord(text);
  if (shown && lead && value) {
    const auto shown_number = ToNumber(*shown);
    const auto lead_number = ToNumber(*lead);
    const auto value_number = ToNumber(*value);
    if (shown_number && *shown_number >= 0 && lead_number && (value_number || *value == kNone)) {
      return OrderPosition{static_cast<std::size_t>(*shown_number), common::Duration(*lead_number),
                           value_number, std::string(text)};
    }
  }
  return common::BadFields("BAD_PAGE_TOKEN", {{"page_token", "does not hold a place in this order"}});
}

common::Duration SameLead(common::Duration first, common::Duration now) {
  const common::Duration apart = first < now ? now - first : first - now;
  return apart < std::chrono::seconds(1) ? first : now;
}

}  // namespace liveness::core
