#include "server/core/filter/filter_parser.h"

#include <utility>

#include "common/strings.h"

namespace liveness::core {
namespace {

using common::StrCat;
using Kind = FilterExpression::Kind;
using TokenKind = FilterTokenKind;

FilterExpression Join(Kind kind, std::vector<FilterExpression> operands) {
  if (operands.size() == 1) return std::move(operands.front());
  return {.kind = kind, .operands = std::move(operands)};
}

std::string Quote(const FilterToken& token) {
  return token.kind == TokenKind::kEnd ? "the end" : StrCat("\"", common::Escape(token.text), "\"");
}

// The operator that somebody means who writes `word`; empty if it is none.
std::string_view OperatorMeant(std::string_view word) {
  constexpr std::pair<std::string_view, std::string_view> kMeant[] = {
      {"and", "AND"}, {"&&", "AND"}, {"&", "AND"}, {"or", "OR"}, {"||", "OR"}, {"|", "OR"}, {"not", "NOT"}};
  std::string lower(word);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const auto& [written, meant] : kMeant) {
    if (lower == written) return meant;
  }
  return {};
}

// Recursive descent; `token_` is the one that is looked at.
class Parser {
 public:
  Parser(std::string_view filter, const FilterSchema& schema)
      : filter_(filter), schema_(schema), lexer_(filter) {}

  absl::StatusOr<FilterExpression> Parse() {
    if (absl::Status status = Advance(); !status.ok()) return status;
    absl::StatusOr<FilterExpression> whole = Expression();
    if (whole.ok() && token_.kind != TokenKind::kEnd) {
      return Error(token_.offset, StrCat("unexpected ", Quote(token_)));
    }
    return whole;
  }

 private:
  absl::Status Error(std::size_t offset, std::string_view message) const {
    return FilterError(filter_, offset, message);
  }

  absl::Status Advance() {
    absl::StatusOr<FilterToken> next = lexer_.Next();
    if (!next.ok()) return next.status();
    token_ = *std::move(next);
    return absl::OkStatus();
  }

  // Sequences need no level of their own: all of it is AND.
  absl::StatusOr<FilterExpression> Expression() {
    std::vector<FilterExpression> operands;
    for (;;) {
      absl::StatusOr<FilterExpression> factor = Factor();
      if (!factor.ok()) return factor;
      operands.push_back(*std::move(factor));
      if (token_.IsKeyword("AND")) {
        if (absl::Status status = Advance(); !status.ok()) return status;
      } else if (token_.kind == TokenKind::kEnd || token_.kind == TokenKind::kRightParen) {
        return Join(Kind::kAnd, std::move(operands));
      }
    }
  }

  absl::StatusOr<FilterExpression> Factor() {
    std::vector<FilterExpression> operands;
    for (;;) {
      absl::StatusOr<FilterExpression> term = Term();
      if (!term.ok()) return term;
      operands.push_back(*std::move(term));
      if (!token_.IsKeyword("OR")) return Join(Kind::kOr, std::move(operands));
      if (absl::Status status = Advance(); !status.ok()) return status;
    }
  }

  absl::StatusOr<FilterExpression> Term() {
    if (!token_.IsKeyword("NOT") && token_.kind != TokenKind::kMinus) return Simple();
    if (absl::Status status = Advance(); !status.ok()) return status;
    absl::StatusOr<FilterExpression> operand = Simple();
    if (!operand.ok()) return operand;
    FilterExpression negation{.kind = Kind::kNot};
    negation.operands.push_back(*std::move(operand));
    return negation;
  }

  absl::StatusOr<FilterExpression> Simple() {
    if (token_.kind != TokenKind::kLeftParen) return Restriction();
    const std::size_t offset = token_.offset;
    if (++depth_ > kMaxFilterDepth) {
      return Error(offset, StrCat("nested deeper than ", kMaxFilterDepth, " parentheses"));
    }
    if (absl::Status status = Advance(); !status.ok()) return status;
    absl::StatusOr<FilterExpression> inner = Expression();
    if (!inner.ok()) return inner;
    if (token_.kind != TokenKind::kRightParen) return Error(offset, "the parenthesis is not closed");
    --depth_;
    if (absl::Status status = Advance(); !status.ok()) return status;
    return inner;
  }

  absl::StatusOr<FilterExpression> Restriction() {
    FilterRestriction restriction;
    if (absl::Status status = Path(restriction.path); !status.ok()) return status;
    if (token_.kind != TokenKind::kComparator && restriction.path.size() == 1) {
      const FilterToken& word = restriction.path.front();
      const std::string_view meant =
          word.kind == TokenKind::kText ? OperatorMeant(word.text) : std::string_view();
      if (!meant.empty()) {
        return Error(word.offset,
                     StrCat("write ", meant, " for ", Quote(word), "; operators are words in capitals"));
      }
    }
    if (token_.kind == TokenKind::kLeftParen) return Error(token_.offset, "functions are not known");
    if (token_.kind != TokenKind::kComparator) {
      const FilterToken& name = restriction.path.front();
      return Error(name.offset,
                   StrCat(Quote(name), " stands alone; write FIELD = VALUE, for example client_id = \"",
                          common::Escape(name.text), "*\""));
    }
    restriction.comparator = token_.text;
    absl::StatusOr<FilterToken> value = lexer_.NextValue();
    if (!value.ok()) return value.status();
    restriction.value = *std::move(value);
    if (absl::Status status = Advance(); !status.ok()) return status;
    absl::StatusOr<FilterPredicate> predicate = BindRestriction(filter_, restriction, schema_);
    if (!predicate.ok()) return predicate.status();
    return FilterExpression{.predicate = *std::move(predicate)};
  }

  // The names up to the comparator.
  absl::Status Path(std::vector<FilterToken>& path) {
    for (;;) {
      const bool is_name = token_.kind == TokenKind::kText || token_.kind == TokenKind::kString;
      const bool is_keyword = token_.IsKeyword("AND") || token_.IsKeyword("OR") || token_.IsKeyword("NOT");
      if (!is_name || (is_keyword && path.empty())) {
        return Error(token_.offset, StrCat("a field is expected, not ", Quote(token_)));
      }
      path.push_back(token_);
      if (absl::Status status = Advance(); !status.ok()) return status;
      if (token_.kind != TokenKind::kDot) return absl::OkStatus();
      if (absl::Status status = Advance(); !status.ok()) return status;
    }
  }

  const std::string_view filter_;
  const FilterSchema& schema_;
  FilterLexer lexer_;
  FilterToken token_;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<FilterExpression> ParseFilterExpression(std::string_view filter, const FilterSchema& schema) {
  return Parser(filter, schema).Parse();
}

}  // namespace liveness::core
