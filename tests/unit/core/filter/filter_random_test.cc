// Filters that nobody would write: whatever comes, the parser answers with a
// filter or with BAD_FILTER, and a filter means what its tree means.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "common/status.h"
#include "common/strings.h"
#include "server/core/filter/filter.h"

namespace liveness::core {
namespace {

constexpr FilterField kFields[] = {
    {"n", 0, FieldType::kNumber}, {"name", 4}, {"labels", 5, FieldType::kLabels}};
constexpr FilterSchema kSchema{kFields};

struct Thing final : FieldSource {
  std::string_view Text(FieldId) const override { return "text"; }
  std::optional<std::int64_t> Number(FieldId) const override { return number; }
  std::optional<std::string_view> Label(std::string_view) const override { return std::nullopt; }
  std::int64_t number = 0;
};

TEST(FilterRandomTest, WordSoupIsRefusedOrUnderstood) {
  constexpr std::array<std::string_view, 26> kWords = {
      "n",  "name", "labels", ".",   "=",  "!=",  "<", ">=", ":", "7", "x*",       "\"q\"", "'",
      "\\", "(",    ")",      "AND", "OR", "NOT", "-", " ",  "*", ",", "\xc3\xa4", "\x01",  "!"};
  std::mt19937 random(1);
  int understood = 0;
  for (int round = 0; round < 10'000; ++round) {
    std::string text;
    for (std::size_t words = random() % 14; words > 0; --words) {
      text += kWords[random() % kWords.size()];
      if (random() % 2 == 0) text += ' ';
    }
    const absl::StatusOr<Filter> filter = Filter::Parse(text, kSchema);
    if (filter.ok()) {
      ++understood;
      filter->Matches(Thing{});
      continue;
    }
    ASSERT_EQ(common::ReasonOf(filter.status()), "BAD_FILTER") << text;
    const std::string error = common::ViolationsOf(filter.status()).at(0).description;
    ASSERT_TRUE(error.starts_with("column ")) << error;
    const int column = std::stoi(error.substr(7));
    ASSERT_GE(column, 1);
    ASSERT_LE(column, static_cast<int>(text.size()) + 1) << text << ": " << error;
  }
  EXPECT_GT(understood, 100);  // else the soup is too thin to prove anything
}

// A random filter as text, and what it means for each value 0-15 of n, as a bit each.
struct Sample {
  std::string text;
  unsigned meaning = 0;
};

class Writer {
 public:
  explicit Writer(unsigned seed) : random_(seed) {}

  Sample Expression(int depth) {
    Sample whole = Factor(depth);
    for (unsigned more = random_() % 3; more > 0; --more) {
      const Sample next = Factor(depth);
      whole.text += random_() % 2 == 0 ? " AND " : " ";
      whole.text += next.text;
      whole.meaning &= next.meaning;
    }
    return whole;
  }

 private:
  Sample Factor(int depth) {
    Sample whole = Term(depth);
    for (unsigned more = random_() % 3; more > 0; --more) {
      const Sample next = Term(depth);
      whole.text += " OR " + next.text;
      whole.meaning |= next.meaning;
    }
    return whole;
  }

  Sample Term(int depth) {
    Sample term = depth > 0 && random_() % 2 == 0 ? Group(depth) : Restriction();
    if (const unsigned negation = random_() % 4; negation < 2) {
      term.text = (negation == 0 ? "NOT " : "-") + term.text;
      term.meaning = ~term.meaning & 0xFFFF;
    }
    return term;
  }

  Sample Group(int depth) {
    Sample inner = Expression(depth - 1);
    inner.text = "(" + inner.text + ")";
    return inner;
  }

  Sample Restriction() {
    constexpr std::array<std::string_view, 6> kComparators = {"=", "!=", "<", "<=", ">", ">="};
    const std::size_t which = random_() % kComparators.size();
    const int bound = static_cast<int>(random_() % 16);
    Sample leaf{common::StrCat("n ", kComparators[which], " ", bound)};
    for (int n = 0; n < 16; ++n) {
      const bool holds[] = {n == bound, n != bound, n<bound, n <= bound, n> bound, n >= bound};
      leaf.meaning |= unsigned{holds[which]} << n;
    }
    return leaf;
  }

  std::mt19937 random_;
};

TEST(FilterRandomTest, AFilterMeansWhatItsTreeMeans) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    const Sample sample = Writer(seed).Expression(4);
    if (sample.text.size() > 4096) continue;
    const absl::StatusOr<Filter> filter = Filter::Parse(sample.text, kSchema);
    ASSERT_TRUE(filter.ok()) << sample.text << ": " << filter.status();
    Thing thing;
    for (; thing.number < 16; ++thing.number) {
      ASSERT_EQ(filter->Matches(thing), (sample.meaning >> thing.number & 1) != 0)
          << sample.text << " with n = " << thing.number;
    }
  }
}

}  // namespace
}  // namespace liveness::core
