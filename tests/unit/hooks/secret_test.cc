#include "server/hooks/secret.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace liveness::hooks {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kKey[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";  // 24 bytes

std::string Written(const testing::TempDir& dir, const std::string& text) {
  const std::string path = dir.file("keys");
  std::ofstream(path) << text;
  return path;
}

TEST(Secret, IsBase64AfterItsPrefix) {
  const auto secret = Secret::Parse(kKey);
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->key().size(), 24u);
  EXPECT_EQ(secret->key()[0], 0x31);
}

TEST(Secret, WhatIsNoneIsRefusedWithoutBeingShown) {
  for (const std::string& text :
       {std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        std::string("whsec_Mf*Q9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZI"),
        "whsec_" + std::string(88, 'A'), std::string("whsec_")}) {
    const auto secret = Secret::Parse(text);
    ASSERT_FALSE(secret.ok()) << text;
    EXPECT_EQ(secret.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(secret.status().message()), Not(HasSubstr("KQ9r8GK")));
  }
  EXPECT_TRUE(Secret::Parse("whsec_" + std::string(84, 'A') + "AA==").ok());  // 64 bytes
}

TEST(Secret, AFileHoldsSeveral) {
  const testing::TempDir dir;
  const auto secrets = Secret::Read(
      Written(dir, "# the new one\n  whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\n" + std::string(kKey)));
  ASSERT_TRUE(secrets.ok()) << secrets.status();
  ASSERT_EQ(secrets->size(), 2u);
  EXPECT_EQ((*secrets)[1], *Secret::Parse(kKey));
  EXPECT_NE((*secrets)[0], (*secrets)[1]);
}

TEST(Secret, AFileThatHoldsNoneSaysWhere) {
  const testing::TempDir dir;
  const auto bad = Secret::Read(Written(dir, std::string(kKey) + "\nhunter2\n"));
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(std::string(bad.status().message()), HasSubstr("keys:2: "));
  EXPECT_THAT(std::string(bad.status().message()), Not(HasSubstr("hunter2")));
  EXPECT_THAT(std::string(Secret::Read(Written(dir, "# none\n")).status().message()),
              HasSubstr("holds no key"));
  EXPECT_THAT(std::string(Secret::Read(Written(dir, "")).status().message()), HasSubstr("holds no key"));
  EXPECT_EQ(Secret::Read(Written(dir, std::string(70'000, '\n'))).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Secret, AFileThatCannotBeRead) {
  const testing::TempDir dir;
  const auto missing = Secret::Read(dir.file("none"));
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("No such file"));
  EXPECT_EQ(Secret::Read(dir.path().string()).status().code(),
            absl::StatusCode::kPermissionDenied);  // a directory
}

}  // namespace
}  // namespace liveness::hooks
