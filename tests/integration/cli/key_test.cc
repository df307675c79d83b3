// `livenessctl key rotate` and `key list`: a server takes what was written, sessions outlive it, and no file
// that is not ours is touched.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "common/keys/resume_keys.h"
#include "tests/integration/cli/cli_process.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class KeyTest : public CliTest {
 protected:
  void SetUp() override {}

  static CliResult Key(std::vector<std::string> args) {
    args.insert(args.begin(), "key");
    CliProcess process(args);
    const int code = process.Wait();
    return {code, process.Out(), process.Err()};
  }
  CliResult Rotate(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"rotate", file_});
    return Key(more);
  }
  static std::string Text(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  common::ResumeKeys Keys() const {
    const auto keys = common::ParseResumeKeys(Text(file_), file_);
    EXPECT_TRUE(keys.ok()) << keys.status();
    return keys.ok() ? *keys : common::ResumeKeys();
  }
  static mode_t ModeOf(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0);
    return found.st_mode & 07777;
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path()))
      names.push_back(entry.path().filename().string());
    return names;
  }

  const TempDir dir_;
  const std::string file_ = dir_.file("keys.toml");
};

TEST_F(KeyTest, TwoRotationsInARow) {
  const CliResult first = Rotate();
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(ModeOf(file_), 0600u);
  const common::ResumeKeys one = Keys();
  ASSERT_EQ(one.keys.size(), 1u);
  EXPECT_EQ(one.store_until, one.keys[0].from + std::chrono::hours(24));

  const CliResult second = Rotate({"--from=5m", "--overlap=2h"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(ModeOf(file_), 0600u);
  const common::ResumeKeys two = Keys();
  ASSERT_EQ(two.keys.size(), 2u);
  EXPECT_EQ(two.keys[1].secret, one.keys[0].secret);
  EXPECT_EQ(two.keys[1].from, one.keys[0].from);
  EXPECT_EQ(two.keys[1].until, two.keys[0].from + std::chrono::hours(2));
  EXPECT_EQ(two.store_until, two.keys[1].until) << "no key of before outlives the overlap";
  EXPECT_GT(two.keys[0].from - two.keys[1].from, std::chrono::minutes(4));
  EXPECT_THAT(Files(), ::testing::ElementsAre("keys.toml"));

  for (const auto& each : two.keys) EXPECT_THAT(second.out, HasSubstr(common::NameOf(each.secret)));
  EXPECT_EQ(Key({"list", file_}).out, second.out);
  const std::string text = Text(file_);
  std::size_t secrets = 0;
  const std::regex secret("[0-9a-f]{64}");
  for (std::sregex_iterator at(text.begin(), text.end(), secret), end; at != end; ++at, ++secrets) {
    EXPECT_THAT(first.out + second.out + first.err + second.err, Not(HasSubstr(at->str().substr(0, 8))));
  }
  EXPECT_EQ(secrets, 2u);
}

TEST_F(KeyTest, ListSaysWhatEachIsFor) {
  EXPECT_EQ(Rotate({"--from=0s"}).code, 0);
  EXPECT_EQ(Rotate({"--from=1h"}).code, 0);
  ASSERT_TRUE(Eventually([&] { return Key({"list", file_}).out.find("accepted") != std::string::npos; }));
  const CliResult list = Key({"list", "--no-headers", file_});
  const common::ResumeKeys keys = Keys();
  EXPECT_THAT(list.out, ::testing::MatchesRegex(
                            common::NameOf(keys.keys[0].secret) + " +[^ ]+ +<none> +signs from then on\n" +
                            common::NameOf(keys.keys[1].secret) +
                            " +[^ ]+ +[^ ]+ +signs\n[(]the store's[)] +<none> +[^ ]+ +accepted\n"));
  EXPECT_EQ(Rotate({"--from=2h", "--overlap=0s"}).code, 0);
}

TEST_F(KeyTest, AKeyBeforeTheNewestIsRefused) {
  EXPECT_EQ(Rotate({"--from=2h"}).code, 0);
  const std::string before = Text(file_);
  const CliResult refused = Rotate({"--from=1h"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("would never be used"));
  EXPECT_EQ(Text(file_), before);
  EXPECT_EQ(Rotate({"--from=-1s"}).code, 2);
  EXPECT_EQ(Rotate({"--overlap=-1s"}).code, 2);
}

TEST_F(KeyTest, AFileThatIsNotOursIsLeftAlone) {
  const std::string link = dir_.file("link"), pipe = dir_.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_symlink(file_, link);
  std::ofstream(file_) << "[[token]]\nname = \"a\"\n";
  chmod(file_.c_str(), 0600);
  const std::string ours = dir_.file("ours");
  ASSERT_EQ(Key({"rotate", ours}).code, 0);
  const std::string exposed = dir_.file("exposed");
  std::filesystem::copy_file(ours, exposed);
  chmod(exposed.c_str(), 0644);
  const std::string empty = dir_.file("empty");
  std::ofstream(empty).flush();
  chmod(empty.c_str(), 0600);
  const std::size_t files = Files().size();

  for (const auto& [path, why] : std::vector<std::pair<std::string, std::string>>{
           {file_, "is left as it is"},
           {empty, "is left as it is"},
           {link, "is a link"},
           {pipe, "is not a regular file"},
           {"/dev/null", "is not a regular file"},
           {exposed, "is open to others"},
           {dir_.path().string(), "is not a regular file"},
           {dir_.file("no/such"), "No such file or directory"}}) {
    const bool is_file = std::filesystem::is_regular_file(path);
    const std::string before = is_file ? Text(path) : "";
    const CliResult refused = Key({"rotate", path});
    EXPECT_EQ(refused.code, 2) << path;
    EXPECT_THAT(refused.out, IsEmpty()) << path;
    EXPECT_THAT(refused.err, HasSubstr(path + ": "));
    EXPECT_THAT(refused.err, HasSubstr(why));
    if (is_file) {
      EXPECT_EQ(Text(path), before);
    }
    if (path != link) {
      EXPECT_EQ(Key({"list", path}).code, 2) << path;
    }
  }
  EXPECT_EQ(Files().size(), files);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST_F(KeyTest, GroupAndModeOfTheFileStay) {
  ASSERT_EQ(Rotate().code, 0);
  chmod(file_.c_str(), 0640);
  ASSERT_EQ(Rotate({"--from=10m"}).code, 0);
  EXPECT_EQ(ModeOf(file_), 0640u);
}

TEST_F(KeyTest, ThoseWhoRotateAtOnceSeeEachOthersKeys) {
  std::array<std::unique_ptr<CliProcess>, 6> all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = std::make_unique<CliProcess>(std::vector<std::string>{"key", "rotate", file_});
  }
  std::size_t added = 0;
  for (const auto& each : all) added += each->Wait() == 0 ? 1 : 0;
  EXPECT_GE(added, 1u);
  EXPECT_EQ(Keys().keys.size(), added) << "a key that was said to be there is";
  EXPECT_THAT(Files(), ::testing::ElementsAre("keys.toml"));
}

// A disk that is full amid the file: it is as it was.
TEST_F(KeyTest, HalfAFileReplacesNothing) {
  ASSERT_EQ(Rotate().code, 0);
  const std::string before = Text(file_);
  ChildProcess limited("/bin/bash",
                       {"-c", "trap '' XFSZ; exec /usr/bin/prlimit --fsize=" + std::to_string(before.size()) +
                                  " '" + BinaryPath("livenessctl") + "' key rotate '" + file_ + "'"});
  EXPECT_EQ(limited.Wait(kPatience), 2) << limited.Out();
  EXPECT_EQ(Text(file_), before);
  EXPECT_THAT(Files(), ::testing::ElementsAre("keys.toml"));
}

TEST_F(KeyTest, AServerTakesWhatWasWrittenAndSessionsGoOn) {
  ASSERT_EQ(Rotate({"--from=0s"}).code, 0);
  server_ = ServerProcess::Start({"--resume-key-file=" + file_});
  ASSERT_NE(server_, nullptr);
  HeartbeatStream one(server_->address()), two(server_->address());
  auto hello = HeartbeatStream::Hello("orders", "orders-1");
  const auto first = one.Join(hello);
  ASSERT_TRUE(first);
  ASSERT_EQ(Rotate({"--from=0s"}).code, 0);
  const std::string signs = common::NameOf(Keys().keys[0].secret) + " from now on";
  ASSERT_TRUE(Eventually([&] { return server_->StandardError().find(signs) != std::string::npos; }));
  hello.mutable_hello()->set_resume_token(first->resume_token());
  const auto second = two.Join(hello);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->incarnation(), first->incarnation());
  EXPECT_NE(second->resume_token(), first->resume_token());
}

}  // namespace
}  // namespace liveness::testing
