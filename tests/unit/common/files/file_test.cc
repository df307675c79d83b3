#include "common/files/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/descriptor.h"
#include "tests/support/temp_dir.h"

namespace liveness::common {
namespace {

using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(path_) << "text";
    Chmod(0600);
  }
  void Chmod(mode_t mode) const { ASSERT_EQ(chmod(path_.c_str(), mode), 0); }
  static std::string WhyNot(const std::string& path) {
    return std::string(ReadSecretFile(path, 100).status().message());
  }

  const testing::TempDir dir_;
  const std::string path_ = dir_.file("secret");
};

TEST_F(FileTest, ASecretIsItsOwnersAndItsGroups) {
  for (const mode_t mode : {0600, 0400, 0640, 0440, 0700}) {
    Chmod(mode);
    EXPECT_EQ(ReadSecretFile(path_, 100).value(), "text") << std::oct << mode;
  }
  for (const mode_t mode : {0644, 0604, 0602, 0620, 0666}) {
    Chmod(mode);
    EXPECT_THAT(WhyNot(path_), HasSubstr("open to others")) << std::oct << mode;
  }
}

TEST_F(FileTest, ASecretIsInARegularFile) {
  const std::string pipe = dir_.file("pipe"), link = dir_.file("link");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_symlink(path_, link);
  EXPECT_THAT(WhyNot(pipe), HasSubstr("not a regular file"));
  EXPECT_THAT(WhyNot(dir_.path().string()), HasSubstr("not a regular file"));
  EXPECT_THAT(WhyNot(dir_.file("none")), HasSubstr("No such file"));
  EXPECT_EQ(ReadSecretFile(link, 100).value(), "text") << "as Kubernetes mounts them";
  EXPECT_FALSE(ReadSecretFile(path_, 3).ok());
}

TEST_F(FileTest, WritesUntilNoMoreIsTaken) {
  const Descriptor file(open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  EXPECT_EQ(WriteAll(file.get(), "a text"), 6u);
  EXPECT_EQ(ReadFile(path_, 100).value(), "a text");
  const Descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(WriteAll(full.get(), "a text"), 0u);
  EXPECT_EQ(errno, ENOSPC);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  const Descriptor read_end(ends[0]), write_end(ends[1]);
  const auto room = static_cast<std::size_t>(fcntl(ends[1], F_GETPIPE_SZ));
  EXPECT_EQ(WriteAll(ends[1], std::string(room + 1, 'x')), room);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(FileTest, AnotherModeIsAnotherFile) {
  const std::string before = FilePrint(path_);
  EXPECT_EQ(FilePrint(path_), before);
  Chmod(0640);
  EXPECT_NE(FilePrint(path_), before);
  EXPECT_EQ(FilePrint(dir_.file("none")), FilePrint(""));
}

}  // namespace
}  // namespace liveness::common
