// The words of a filter. Pure; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace liveness::core {

enum class FilterTokenKind : std::uint8_t {
  kEnd,
  kText,    // a name, a keyword or an unquoted value
  kString,  // quoted, escapes undone
  kDot,
  kMinus,
  kLeftParen,
  kRightParen,
  kComparator,  // text is one of = != < <= > >= :
};

struct FilterToken {
  FilterTokenKind kind = FilterTokenKind::kEnd;
  std::string text;
  std::size_t offset = 0;  // of its first byte
  bool prefix = false;     // a value that ended in an unescaped *, which is not in `text`

  bool IsKeyword(std::string_view word) const { return kind == FilterTokenKind::kText && text == word; }
};

// INVALID_ARGUMENT BAD_FILTER on the field "filter": "column 12: `message`". The
// column counts characters from 1.
absl::Status FilterError(std::string_view filter, std::size_t offset, std::string_view message);

// Reads `filter` from front to back. What a character means depends on where it
// stands (a value may hold dots, colons and a leading minus), so the parser asks
// for what it expects.
class FilterLexer {
 public:
  // `filter` outlives the lexer.
  explicit FilterLexer(std::string_view filter) : filter_(filter) {}

  // The next token where a field, an operator or a parenthesis may stand.
  absl::StatusOr<FilterToken> Next();
  // The next token after a comparator: kText or kString.
  absl::StatusOr<FilterToken> NextValue();

 private:
  void SkipSpace();
  absl::StatusOr<FilterToken> Quoted();

  const std::string_view filter_;
  std::size_t position_ = 0;
};

}  // namespace liveness::core
