#include "server/hooks/position.h"

#include <charconv>

#include "common/strings.h"

namespace liveness::hooks {
namespace {

// A number to the end of the text or the next space, which goes with it.
std::optional<std::uint64_t> TakeNumber(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return number;
  if (text.front() != ' ') return std::nullopt;
  text.remove_prefix(1);
  return number;
}

}  // namespace

std::string PositionKey(std::string_view hook) { return common::StrCat("hooks/", hook); }

std::string EncodePosition(const Position& position) {
  return common::StrCat(position.history_id, " ", position.revision, " ", position.gap_told);
}

std::optional<Position> DecodePosition(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos || space == 0) return std::nullopt;
  Position position;
  position.history_id = std::string(text.substr(0, space));
  text.remove_prefix(space + 1);
  const auto revision = TakeNumber(text), gap_told = TakeNumber(text);
  if (!revision || !gap_told || !text.empty()) return std::nullopt;
  position.revision = *revision;
  position.gap_told = *gap_told;
  return position;
}

}  // namespace liveness::hooks
