#include "server/core/filter/filter_lexer.h"

#include "common/status.h"
#include "common/strings.h"

namespace liveness::core {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What ends a name.
bool IsSpecial(char c) { return std::string_view("().\"'=!<>:,").find(c) != std::string_view::npos; }

FilterTokenKind SingleCharacterKind(char c) {
  switch (c) {
    case '(': return FilterTokenKind::kLeftParen;
    case ')': return FilterTokenKind::kRightParen;
    case '.': return FilterTokenKind::kDot;
    case '-': return FilterTokenKind::kMinus;
    case '=':
    case ':': return FilterTokenKind::kComparator;
    default: return FilterTokenKind::kEnd;
  }
}

}  // namespace

absl::Status FilterError(std::string_view filter, std::size_t offset, std::string_view message) {
  std::size_t column = 1;
  for (const char c : filter.substr(0, offset)) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++column;
  }
  return common::BadFields("BAD_FILTER", {{"filter", common::StrCat("column ", column, ": ", message)}});
}

void FilterLexer::SkipSpace() {
  while (position_ < filter_.size() && IsSpace(filter_[position_])) ++position_;
}

absl::StatusOr<FilterToken> FilterLexer::Next() {
  SkipSpace();
  FilterToken token{.offset = position_};
  if (position_ == filter_.size()) return token;
  const char c = filter_[position_];
  if (c == '"' || c == '\'') return Quoted();
  if (token.kind = SingleCharacterKind(c); token.kind != FilterTokenKind::kEnd) {
    token.text = filter_.substr(position_++, 1);
    return token;
  }
  if (c == '<' || c == '>' || c == '!') {
    const bool equal = position_ + 1 < filter_.size() && filter_[position_ + 1] == '=';
    if (c == '!' && !equal) return FilterError(filter_, position_, "a lone ! is not known; write != or NOT");
    token.kind = FilterTokenKind::kComparator;
    token.text = filter_.substr(position_, equal ? 2 : 1);
    position_ += token.text.size();
    return token;
  }
  if (c == ',') return FilterError(filter_, position_, "a comma is not known here; write AND or OR");
  while (position_ < filter_.size() && !IsSpace(filter_[position_]) && !IsSpecial(filter_[position_])) {
    ++position_;
  }
  token.kind = FilterTokenKind::kText;
  token.text = filter_.substr(token.offset, position_ - token.offset);
  return token;
}

absl::StatusOr<FilterToken> FilterLexer::NextValue() {
  SkipSpace();
  FilterToken token{.kind = FilterTokenKind::kText, .offset = position_};
  const char first = position_ < filter_.size() ? filter_[position_] : ')';
  if (first == '"' || first == '\'') return Quoted();
  if (first == ')') return FilterError(filter_, position_, "a value is missing");
  if (first == '(') {
    return FilterError(filter_, position_, "a group of values is not known; write field = a OR field = b");
  }
  while (position_ < filter_.size() && !IsSpace(filter_[position_])) {
    const char c = filter_[position_];
    if (c == '(' || c == ')') break;
    if (c != '.' && c != ':' && IsSpecial(c)) {
      return FilterError(filter_, position_,
                         common::StrCat("a value with ", std::string_view(&c, 1), " needs quotes"));
    }
    ++position_;
    if (c == '*' && position_ < filter_.size() && !IsSpace(filter_[position_]) && filter_[position_] != ')') {
      return FilterError(filter_, position_ - 1, "* is only known at the end of a value");
    }
  }
  token.text = filter_.substr(token.offset, position_ - token.offset);
  if (token.text == "AND" || token.text == "OR" || token.text == "NOT") {
    return FilterError(filter_, token.offset, "a value is missing; to mean the word itself, quote it");
  }
  if (token.text.ends_with('*')) {
    token.text.pop_back();
    token.prefix = true;
  }
  return token;
}

absl::StatusOr<FilterToken> FilterLexer::Quoted() {
  FilterToken token{.kind = FilterTokenKind::kString, .offset = position_};
  const char quote = filter_[position_++];
  for (; position_ < filter_.size(); ++position_) {
    const char c = filter_[position_];
    if (c == quote) {
      ++position_;
      return token;
    }
    if (token.prefix) {
      return FilterError(filter_, position_ - 1, "* is only known at the end; \\* means the star itself");
    }
    if (c == '*') {
      token.prefix = true;
    } else if (c == '\\') {
      const char next = position_ + 1 < filter_.size() ? filter_[position_ + 1] : '\0';
      if (next != '\\' && next != '"' && next != '\'' && next != '*') {
        return FilterError(filter_, position_, "unknown escape; known are \\\\ \\\" \\' \\*");
      }
      token.text += next;
      ++position_;
    } else {
      token.text += c;
    }
  }
  return FilterError(filter_, token.offset, "the quote is not closed");
}

}  // namespace liveness::core
