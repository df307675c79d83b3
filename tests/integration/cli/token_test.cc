// `livenessctl token new`: a server takes what it wrote, and it never makes a file of it that a server
// refuses.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/integration/cli/cli_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class TokenTest : public CliTest {
 protected:
  void SetUp() override {}

  // Runs `token new` with these.
  static CliResult New(std::vector<std::string> args) {
    args.insert(args.begin(), {"token", "new"});
    CliProcess process(args);
    const int code = process.Wait();
    return {code, process.Out(), process.Err()};
  }
  CliResult Add(const std::string& name, std::vector<std::string> more = {"--role=view"}) const {
    more.insert(more.begin(), {name, "--file=" + file_});
    return New(more);
  }
  // What `list` ends with, of a token as `token new` printed it.
  int List(const std::string& token) const {
    std::ofstream(dir_.file("own")) << token;
    return Run({"list", "--token-file=" + dir_.file("own")}).code;
  }
  static std::string Text(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  void Serve() {
    server_ = ServerProcess::Start({"--token-file=" + file_});
    ASSERT_NE(server_, nullptr);
  }

  const TempDir dir_;
  const std::string file_ = dir_.file("tokens.toml");
};

TEST_F(TokenTest, AServerTakesWhatItWrote) {
  const CliResult grafana = Add("grafana"), ops = Add("ops-anna", {"--role=view,admin", "--expires=720h"}),
                  beat = Add("a.b_c", {"--role=beat", "--role=beat"});
  EXPECT_THAT(grafana.out, MatchesRegex("lvt_[0-9a-f]+\n"));
  EXPECT_GE(grafana.out.size(), 4u + 64u);
  struct stat found {};
  ASSERT_EQ(stat(file_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_THAT(Text(file_), Not(HasSubstr(grafana.out.substr(0, grafana.out.size() - 1))));
  ASSERT_NO_FATAL_FAILURE(Serve());
  EXPECT_EQ(List(grafana.out), 0);
  EXPECT_EQ(List(ops.out), 0);
  EXPECT_NE(List(beat.out), 0) << "it may not view";
  EXPECT_NE(List("lvt_" + std::string(64, '0')), 0);
}

TEST_F(TokenTest, ANameThatTheFileHasIsRefused) {
  const CliResult first = Add("grafana");
  std::ofstream(file_, std::ios::app) << "\n[[token]]\n  name='by-hand'   # ours\nsha256 = \""
                                      << std::string(64, 'a') << "\"\nroles = [\"view\"]";
  const std::string before = Text(file_);
  for (const char* name : {"grafana", "by-hand"}) {
    const CliResult again = Add(name);
    EXPECT_EQ(again.code, 2) << name;
    EXPECT_EQ(again.out, "") << "a token that is in no file";
    EXPECT_THAT(again.err, HasSubstr("already"));
  }
  EXPECT_EQ(Text(file_), before);
  EXPECT_EQ(Add("graf").code, 0) << "it begins alike";
  EXPECT_EQ(Add("hand").code, 0);
  ASSERT_NO_FATAL_FAILURE(Serve());
  EXPECT_EQ(List(first.out), 0);
}

TEST_F(TokenTest, TwoAtOnceAreBothThereOrOneIsRefused) {
  std::array<std::unique_ptr<CliProcess>, 8> all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = std::make_unique<CliProcess>(std::vector<std::string>{
        "token", "new", "token-" + std::to_string(i / 2), "--role=view", "--file=" + file_});
  }
  int added = 0;
  for (const auto& each : all) added += each->Wait() == 0 ? 1 : 0;
  EXPECT_EQ(added, 4);
  ASSERT_NO_FATAL_FAILURE(Serve());
}

TEST_F(TokenTest, ATimeThatNoClockReachesIsFarAway) {
  const CliResult far = Add("far", {"--role=view", "--expires=9000000000s"});
  EXPECT_THAT(Text(file_), HasSubstr("expires = 23"));
  ASSERT_NO_FATAL_FAILURE(Serve());
  EXPECT_EQ(List(far.out), 0);
}

TEST_F(TokenTest, WhatTakesNoEntryGivesNoToken) {
  const std::string pipe = dir_.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path :
       {std::string("/dev/full"), pipe, dir_.path().string(), dir_.file("no/such")}) {
    const CliResult refused = New({"a", "--role=view", "--file=" + path});
    EXPECT_EQ(refused.code, 2) << path;
    EXPECT_EQ(refused.out, "") << path;
    EXPECT_THAT(refused.err, HasSubstr(path));
  }
}

// A disk that is full amid the entry: the file is as it was, and a server takes it.
TEST_F(TokenTest, HalfAnEntryIsTakenBack) {
  const CliResult first = Add("first");
  const std::string before = Text(file_);
  ChildProcess limited(
      "/bin/bash",
      {"-c", "trap '' XFSZ; exec /usr/bin/prlimit --fsize=" + std::to_string(before.size() + 20) + " '" +
                 BinaryPath("livenessctl") + "' token new second --role=view '--file=" + file_ + "'"});
  EXPECT_EQ(limited.Wait(kPatience), 2) << limited.Out();
  EXPECT_EQ(Text(file_), before);
  ASSERT_NO_FATAL_FAILURE(Serve());
  EXPECT_EQ(List(first.out), 0);
}

}  // namespace
}  // namespace liveness::testing
