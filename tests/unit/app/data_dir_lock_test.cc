#include "server/app/data_dir_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace liveness::app {
namespace {

class DataDirLockTest : public ::testing::Test {
 protected:
  ~DataDirLockTest() override { std::filesystem::remove_all(dir_); }
  const std::string dir_ = ::testing::TempDir() + "liveness-lock-" + std::to_string(getpid());
};

TEST_F(DataDirLockTest, OneHolderAtATime) {
  auto first = DataDirLock::Take(dir_ + "/made/for/it");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = DataDirLock::Take(dir_ + "/made/for/it");
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              ::testing::HasSubstr("process " + std::to_string(getpid())));
  first->reset();
  EXPECT_TRUE(DataDirLock::Take(dir_ + "/made/for/it").ok());
}

TEST_F(DataDirLockTest, AFileIsNoDirectory) {
  std::ofstream(dir_) << "x";
  const auto lock = DataDirLock::Take(dir_);
  ASSERT_FALSE(lock.ok());
  EXPECT_THAT(std::string(lock.status().message()), ::testing::HasSubstr("--data-dir=" + dir_));
}

}  // namespace
}  // namespace liveness::app
