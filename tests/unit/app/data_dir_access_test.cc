#include "server/app/data_dir_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_dir.h"

namespace liveness::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

mode_t ModeOf(const std::string& path) {
  struct stat is {};
  EXPECT_EQ(stat(path.c_str(), &is), 0) << path;
  return is.st_mode & 07777;
}

class DataDirAccessTest : public ::testing::Test {
 protected:
  DataDirAccessTest() : old_umask_(umask(0)) {}
  ~DataDirAccessTest() override { umask(old_umask_); }
  std::string MakeFile(const std::string& name, mode_t mode) const {
    const std::string path = temp_.file(name);
    std::ofstream(path) << "x";
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  std::string MakeDir(mode_t mode) const {
    const std::string path = temp_.file("data");
    EXPECT_EQ(mkdir(path.c_str(), S_IRWXU), 0);
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  static std::string Refusal(const std::string& dir) {
    const auto made = MakeDataDirPrivate(dir);
    return made.ok() ? "" : std::string(made.status().message());
  }

  const testing::TempDir temp_;
  const mode_t old_umask_;
};

TEST_F(DataDirAccessTest, ANewOneIsItsOwnersAlone) {
  const std::string dir = temp_.file("made/for/it");
  const auto made = MakeDataDirPrivate(dir + "/");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(*made, IsEmpty());
  EXPECT_EQ(ModeOf(dir), 0700U);
  EXPECT_THAT(*MakeDataDirPrivate(dir), IsEmpty());
}

TEST_F(DataDirAccessTest, OneOfOursIsTightenedWithItsFiles) {
  const std::string dir = MakeDir(0777);
  const std::string wal = MakeFile("data/liveness.db-wal", 0644), note = MakeFile("data/incidents", 0666);
  MakeFile("data/lock", 0600);
  const std::string other = MakeFile("data/readme", 0644);
  const auto made = MakeDataDirPrivate(dir);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(*made, UnorderedElementsAre(dir + " was open to others (0777): it is 0700 now",
                                          wal + " was open to others (0644): it is 0600 now",
                                          note + " was open to others (0666): it is 0600 now"));
  EXPECT_EQ(ModeOf(dir), 0700U);
  EXPECT_EQ(ModeOf(wal), 0600U);
  EXPECT_EQ(ModeOf(note), 0600U);
  EXPECT_EQ(ModeOf(other), 0644U) << "not ours to change";
}

TEST_F(DataDirAccessTest, AnEmptyOneIsTightened) {
  const std::string dir = MakeDir(0755);
  EXPECT_THAT(*MakeDataDirPrivate(dir), ElementsAre(HasSubstr("it is 0700 now")));
}

// Somebody's home, named by mistake, stays as it is.
TEST_F(DataDirAccessTest, ADirectoryOfOtherThingsIsRefusedAndLeftAsItIs) {
  const std::string dir = MakeDir(0755);
  MakeFile("data/letter", 0644);
  EXPECT_THAT(Refusal(dir), HasSubstr("name a directory of its own, or chmod 700 it"));
  EXPECT_EQ(ModeOf(dir), 0755U);
  ASSERT_EQ(chmod(dir.c_str(), 0700), 0);
  EXPECT_EQ(Refusal(dir), "");
}

TEST_F(DataDirAccessTest, ADirectoryForAllIsRefused) {
  const std::string dir = MakeDir(01777);
  EXPECT_THAT(Refusal(dir), HasSubstr("it is for all users"));
  EXPECT_EQ(ModeOf(dir), 01777U);
}

TEST_F(DataDirAccessTest, AnotherUsersMustNotLetOthersWrite) {
  if (geteuid() != 0) GTEST_SKIP() << "takes root to make one";
  const std::string dir = MakeDir(0775);
  ASSERT_EQ(chown(dir.c_str(), 12345, getegid()), 0);
  ASSERT_EQ(chmod(dir.c_str(), 0775), 0);
  EXPECT_EQ(Refusal(dir), "") << "a volume that a container is given by its group";
  ASSERT_EQ(chmod(dir.c_str(), 0777), 0);
  EXPECT_THAT(Refusal(dir), HasSubstr("others may write to it (0777)"));
  ASSERT_EQ(chown(dir.c_str(), 12345, 12345), 0);
  ASSERT_EQ(chmod(dir.c_str(), 0770), 0);
  EXPECT_THAT(Refusal(dir), HasSubstr("others may write to it (0770)"));
  EXPECT_EQ(ModeOf(dir), 0770U);
}

TEST_F(DataDirAccessTest, ALinkToAFileIsNotFollowed) {
  const std::string dir = MakeDir(0700);
  const std::string far = MakeFile("far", 0644);
  std::filesystem::create_symlink(far, dir + "/liveness.db");
  EXPECT_THAT(*MakeDataDirPrivate(dir), IsEmpty());
  EXPECT_EQ(ModeOf(far), 0644U);
}

TEST_F(DataDirAccessTest, SecretsThatOthersMayReadAreTold) {
  const std::string open = MakeFile("open", 0644), writable = MakeFile("writable", 0660);
  EXPECT_THAT(
      FindExposedSecrets(
          {open, MakeFile("good", 0600), MakeFile("by-group", 0640), writable, temp_.file("none"), ""}),
      ElementsAre(open + " holds a secret and is open to others (0644): chmod 600 it, and change the secret",
                  HasSubstr("writable holds a secret")));
}

TEST_F(DataDirAccessTest, FilesThatLetPeopleInAndThatAllMayWriteToAreTold) {
  const std::string open = MakeFile("rules", 0666);
  EXPECT_THAT(
      FindForgeable({open, MakeFile("tokens", 0664), temp_.file("none"), ""}),
      ElementsAre(open +
                  " says who is let in and all may write to it (0666): chmod o-w it, and read it again"));
}

}  // namespace
}  // namespace liveness::app
