#include "common/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "common/utf8.h"

namespace liveness::common {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Violations = std::vector<FieldViolation>;
using Labels = std::map<std::string, std::string>;

Violations Id(std::string_view value) {
  Violations violations;
  CheckId("id", value, &violations);
  return violations;
}

Violations Check(const Labels& labels) {
  Violations violations;
  CheckLabels("labels", labels, &violations);
  return violations;
}

TEST(ValidationTest, TakesIdsWithinTheLimits) {
  EXPECT_THAT(Id("a"), IsEmpty());
  EXPECT_THAT(Id(std::string(128, 'x')), IsEmpty());
  EXPECT_THAT(Id("host/größe 7 \"x\""), IsEmpty());
}

TEST(ValidationTest, SaysWhatIsWrongWithAnId) {
  EXPECT_THAT(Id(""), ElementsAre(FieldViolation{"id", "is empty"}));
  EXPECT_THAT(Id(std::string(129, 'x')),
              ElementsAre(FieldViolation{"id", "is 129 bytes long, more than 128"}));
  EXPECT_THAT(Id("a\x80"), ElementsAre(FieldViolation{"id", "is not valid UTF-8"}));
  EXPECT_THAT(Id(std::string("a\0b", 3)), ElementsAre(FieldViolation{"id", "has a control character"}));
  EXPECT_THAT(Id("a\nb"), ElementsAre(FieldViolation{"id", "has a control character"}));
  EXPECT_THAT(Id("a\x7f"), ElementsAre(FieldViolation{"id", "has a control character"}));
  EXPECT_THAT(Id("a\xc2\x85"), ElementsAre(FieldViolation{"id", "has a control character"}));
}

TEST(ValidationTest, TheLimitCountsBytesAndNotCharacters) {
  std::string id;
  for (int i = 0; i < 64; ++i) id += "\xc3\xa9";
  EXPECT_THAT(Id(id), IsEmpty());
  EXPECT_THAT(Id(id + "\xc3\xa9"), SizeIs(1));
}

TEST(ValidationTest, ATextMayBeEmptyAndIsBounded) {
  Violations violations;
  CheckText("host", "", 4, &violations);
  CheckText("host", "abcd", 4, &violations);
  EXPECT_THAT(violations, IsEmpty());
  CheckText("host", "abcde", 4, &violations);
  CheckText("version", "a\tb", 4, &violations);
  EXPECT_THAT(violations, ElementsAre(FieldViolation{"host", "is 5 bytes long, more than 4"},
                                      FieldViolation{"version", "has a control character"}));
}

TEST(ValidationTest, SeveralLinesAreAllowedWhereTheyMakeSense) {
  Violations violations;
  CheckMultilineText("last_will", "one\r\n\ttwo\n", 100, &violations);
  EXPECT_THAT(violations, IsEmpty());
  CheckMultilineText("last_will", "one\x1b[2J", 100, &violations);
  EXPECT_THAT(violations, ElementsAre(FieldViolation{"last_will", "has a control character"}));
}

TEST(ValidationTest, TakesLabelsUpToTheLimits) {
  Labels labels;
  for (int i = 0; i < 31; ++i) labels["key" + std::to_string(i)] = "";
  labels[std::string(63, 'k')] = std::string(256, 'v');
  EXPECT_THAT(labels, SizeIs(32));
  EXPECT_THAT(Check(labels), IsEmpty());
}

TEST(ValidationTest, TooManyLabelsAreOneViolation) {
  Labels labels;
  for (int i = 0; i < 33; ++i) labels["key\n" + std::to_string(i)] = "";
  EXPECT_THAT(Check(labels), ElementsAre(FieldViolation{"labels", "has 33 entries, more than 32"}));
}

TEST(ValidationTest, NamesTheLabelThatIsWrong) {
  EXPECT_THAT(Check({{"", "v"}}), ElementsAre(FieldViolation{"labels[\"\"]", "key is empty"}));
  EXPECT_THAT(Check({{std::string(64, 'k'), "v"}}),
              ElementsAre(FieldViolation{"labels[\"kkkkkkkkkkkkkkkkkkkkkkkk...\"]",
                                         "key is 64 bytes long, more than 63"}));
  EXPECT_THAT(Check({{"zone", std::string(257, 'v')}}),
              ElementsAre(FieldViolation{"labels[\"zone\"]", "value is 257 bytes long, more than 256"}));
  EXPECT_THAT(Check({{"zone", "\xff"}}),
              ElementsAre(FieldViolation{"labels[\"zone\"]", "value is not valid UTF-8"}));
}

TEST(ValidationTest, TheAnswerHoldsNoRawBytesAndFitsIntoATrailer) {
  Labels labels;
  for (int i = 0; i < 32; ++i) labels["\xff\n" + std::string(100, '\xfe') + std::to_string(i)] = "";
  const Violations violations = Check(labels);
  EXPECT_THAT(violations, SizeIs(kMaxLabelViolations));
  for (const FieldViolation& violation : violations) {
    EXPECT_TRUE(IsValidUtf8(violation.field));
    EXPECT_FALSE(HasControlCharacter(violation.field));
  }
  // The message, and in base64 the details that hold it and the fields again:
  // gRPC's default limit for metadata is 8 KiB.
  EXPECT_LT(BadFields("BAD_HELLO", violations).message().size() * 11 / 3, 8u * 1024);
}

}  // namespace
}  // namespace liveness::common
