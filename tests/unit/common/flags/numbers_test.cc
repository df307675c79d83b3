#include "common/flags/numbers.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>

namespace liveness::common {
namespace {

// What is wrong with `text` as the value of a flag of that type; empty: it was taken.
template <typename Number>
std::string Wrong(const std::string& text, const CLI::Validator& check, std::optional<Number> taken = {}) {
  CLI::App app;
  Number number{};
  app.add_option("--n", number)->check(check);
  try {
    app.parse("--n=" + text);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  if (taken) {
    EXPECT_EQ(number, *taken) << text;
  }
  return {};
}

constexpr char kOutside[] = "--n: must be a whole number from 1 to 100";

TEST(Numbers, ACountIsOneWithinItsBoundsAndNothingElse) {
  const auto check = CountBetween(1, 100);
  EXPECT_EQ(Wrong<std::size_t>("1", check, 1), "");
  EXPECT_EQ(Wrong<std::size_t>("100", check, 100), "");
  EXPECT_EQ(Wrong<std::size_t>("0x10", check, 16), "");
  EXPECT_EQ(Wrong<std::size_t>("010", check, 8), "");
  for (const char* text :
       {"0", "101", "-1", "+1", "-99", "4294967297", "18446744073709551615", "18446744073709551617",
        "99999999999999999999999", "1e1", "1.5", "1x", "x", "nan"}) {
    EXPECT_EQ(Wrong<std::size_t>(text, check), kOutside) << text;
    EXPECT_EQ(Wrong<int>(text, check), kOutside) << text;
    EXPECT_EQ(Wrong<std::uint32_t>(text, check), kOutside) << text;
  }
}

TEST(Numbers, AnyCountIsOneThatFits) {
  EXPECT_EQ(Wrong<std::int64_t>("0", AnyCount(), 0), "");
  EXPECT_EQ(Wrong<std::uint64_t>("9223372036854775807", AnyCount(), 9223372036854775807U), "");
  for (const char* text : {"-1", "9223372036854775808", "18446744073709551615", "184467440737095516160"}) {
    EXPECT_NE(Wrong<std::int64_t>(text, AnyCount()), "") << text;
    EXPECT_NE(Wrong<std::uint64_t>(text, AnyCount()), "") << text;
  }
}

TEST(Numbers, ANumberIsOneWithinItsBounds) {
  const auto check = NumberBetween(0.5, 2);
  EXPECT_EQ(Wrong<double>("0.5", check, 0.5), "");
  EXPECT_EQ(Wrong<float>("2", check, 2), "");
  for (const char* text : {"0.49", "2.1", "-1", "nan", "inf", "1e999", "one", "1.x"}) {
    EXPECT_NE(Wrong<double>(text, check), "") << text;
  }
}

}  // namespace
}  // namespace liveness::common
