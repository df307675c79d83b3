#include "server/core/filter/filter.h"

#include <optional>
#include <utility>

#include "common/limits.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/core/filter/filter_cost.h"
#include "server/core/filter/filter_lexer.h"
#include "server/core/filter/filter_parser.h"

namespace liveness::core {
namespace {

// Where a walk ends.
constexpr std::int32_t kTrue = -1;
constexpr std::int32_t kFalse = -2;

// Of which one text is known.
class OneText final : public FieldSource {
 public:
  explicit OneText(std::string_view text) : text_(text) {}
  std::string_view Text(FieldId) const override { return text_; }
  std::optional<std::int64_t> Number(FieldId) const override { return std::nullopt; }
  std::optional<std::string_view> Label(std::string_view) const override { return std::nullopt; }

 private:
  const std::string_view text_;
};

}  // namespace

absl::StatusOr<Filter> Filter::Parse(std::string_view text, const FilterSchema& schema) {
  Filter filter;
  filter.text_ = text;
  if (text.size() > common::kMaxFilterBytes) {
    return FilterError(text, common::kMaxFilterBytes,
                       common::StrCat("a filter is at most ", common::kMaxFilterBytes, " bytes long"));
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return filter;
  absl::StatusOr<FilterExpression> expression = ParseFilterExpression(text, schema);
  if (!expression.ok()) return expression.status();
  filter.first_ = filter.Flatten(*std::move(expression), kTrue, kFalse, true);
  for (const Step& step : filter.steps_) filter.cost_ += CostOf(step.predicate);
  if (filter.cost_ > kMaxFilterCost) {
    return common::BadFields(
        "FILTER_TOO_COSTLY",
        {{"filter", common::StrCat("costs ", filter.cost_, " units; at most ", kMaxFilterCost,
                                   ": compare less, or for equality where it searches texts")}});
  }
  return filter;
}

// Returns where a walk of `expression` begins. Operands are laid out from the
// last to the first, so that each knows where its successor begins. `required`:
// nothing matches unless the expression holds.
// Recurses as deep as the parentheses: kMaxFilterDepth.
std::int32_t Filter::Flatten(FilterExpression&& expression, std::int32_t if_true, std::int32_t if_false,
                             bool required) {
  using Kind = FilterExpression::Kind;
  std::vector<FilterExpression>& operands = expression.operands;
  switch (expression.kind) {
    case Kind::kPredicate:
      steps_.push_back({std::move(expression.predicate), if_true, if_false, required});
      return static_cast<std::int32_t>(steps_.size()) - 1;
    case Kind::kNot: return Flatten(std::move(operands.front()), if_false, if_true, false);
    case Kind::kAnd: {
      std::int32_t next = if_true;
      for (auto it = operands.rbegin(); it != operands.rend(); ++it) {
        next = Flatten(std::move(*it), next, if_false, required);
      }
      return next;
    }
    case Kind::kOr: {
      std::int32_t next = if_false;
      for (auto it = operands.rbegin(); it != operands.rend(); ++it) {
        next = Flatten(std::move(*it), if_true, next, false);
      }
      return next;
    }
  }
  return if_false;
}

Filter Filter::And(const Filter& first, const Filter& second) {
  if (first.matches_all()) return second;
  if (second.matches_all()) return first;
  Filter both = first;
  both.text_ = common::StrCat("(", first.text_, ") AND (", second.text_, ")");
  both.cost_ += second.cost_;
  const auto offset = static_cast<std::int32_t>(first.steps_.size());
  const auto moved = [offset](std::int32_t at) { return at < 0 ? at : at + offset; };
  for (Step& step : both.steps_) {
    if (step.if_true == kTrue) step.if_true = moved(second.first_);
    if (step.if_false == kTrue) step.if_false = moved(second.first_);
  }
  for (Step step : second.steps_) {
    step.if_true = moved(step.if_true);
    step.if_false = moved(step.if_false);
    both.steps_.push_back(std::move(step));
  }
  return both;
}

bool Filter::Matches(const FieldSource& source) const {
  if (steps_.empty()) return true;
  std::int32_t at = first_;
  while (at >= 0) {
    const Step& step = steps_[static_cast<std::size_t>(at)];
    at = Holds(step.predicate, source) ? step.if_true : step.if_false;
  }
  return at == kTrue;
}

// Goes both ways where the answer is not known, and into each step once.
bool Filter::MayMatch(FieldId field, std::string_view text) const {
  if (steps_.empty()) return true;
  const OneText source(text);
  std::vector<bool> seen(steps_.size());
  std::vector<std::int32_t> open = {first_};
  while (!open.empty()) {
    const std::int32_t at = open.back();
    open.pop_back();
    if (at == kTrue) return true;
    if (at == kFalse || seen[static_cast<std::size_t>(at)]) continue;
    seen[static_cast<std::size_t>(at)] = true;
    const Step& step = steps_[static_cast<std::size_t>(at)];
    const bool is_known =
        step.predicate.kind == FilterPredicate::Kind::kText && step.predicate.field == field;
    const bool holds = is_known && Holds(step.predicate, source);
    if (holds || !is_known) open.push_back(step.if_true);
    if (!holds) open.push_back(step.if_false);
  }
  return false;
}

std::vector<FilterPredicate> Filter::Required() const {
  std::vector<FilterPredicate> required;
  for (const Step& step : steps_) {
    if (step.required) required.push_back(step.predicate);
  }
  return required;
}

}  // namespace liveness::core
