// Filters: a text is refused, or means the same each time that it is parsed and asked, and costs what is
// allowed.
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "server/core/filter/filter.h"
#include "server/core/filter/filter_cost.h"
#include "server/core/filter/filter_parser.h"
#include "server/core/record/client_fields.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/made_record.h"

namespace liveness::fuzz {
namespace {

void TryWith(std::string_view text, const core::FilterSchema& schema, const core::FieldSource& record) {
  const auto filter = core::Filter::Parse(text, schema);
  if (!filter.ok()) {
    const std::string reason = common::ReasonOf(filter.status());
    Require(reason == "BAD_FILTER" || reason == "FILTER_TOO_COSTLY", "a refusal has one of two reasons");
    return;
  }
  const bool matches = filter->Matches(record);
  Require(filter->cost() <= core::kMaxFilterCost, "what is parsed costs at most what is allowed");
  Require(filter->text() == text, "the text is kept");
  if (matches) {
    for (const core::FilterPredicate& predicate : filter->Required()) {
      Require(core::Holds(predicate, record), "what is required holds of what matches");
    }
  }
  const core::Filter twice = core::Filter::And(*filter, *filter);
  Require(twice.Matches(record) == matches, "a filter and itself match what it matches");
  if (filter->matches_all()) return;
  const auto again = core::Filter::Parse(twice.text(), schema);
  // Twice as dear, and a pair of parentheses deeper.
  Require(!again.ok() || again->Matches(record) == matches, "what And() writes means what And() made");
  const auto opposite = core::Filter::Parse("NOT (" + filter->text() + ")", schema);
  Require(!opposite.ok() || opposite->Matches(record) != matches, "NOT is the opposite");
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {
      "",
      "state = ALIVE AND labels.zone = \"eu-*\"",
      "state = DEAD OR state = LEFT labels.team = shop",
      "NOT labels:drain last_heartbeat_age > 5s",
      "client_id = \"shop/*\" -labels.\"odd key\" != 'x\\*'",
      "(incarnation >= 1 OR (state != STATE_SUSPECT)) labels.team:*",
      "registered_at < \"2026-01-31T12:00:00Z\" client_id:orders",
  };
  // One pair of parentheses less than is refused, and more.
  for (const int depth : {core::kMaxFilterDepth - 1, core::kMaxFilterDepth, 1'000}) {
    const auto count = static_cast<std::size_t>(depth);
    seeds.push_back(std::string(count, '(') + "state = ALIVE" + std::string(count, ')'));
  }
  return seeds;
}

void Try(std::string_view input) {
  static const core::ClientRecord record = MadeRecord();
  static const core::Vitals vitals;
  static const core::Moment now{};
  TryWith(input, core::WatchSchema(), core::ClientFields(record));
  TryWith(input, core::ClientSchema(), core::ClientFields(record, vitals, now));
}

}  // namespace liveness::fuzz
