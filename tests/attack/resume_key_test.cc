// The key of resume tokens is replaced while clients are there: nobody loses a session to it, and whoever has
// the old key has nothing.
#include <csignal>
#include <cstring>
#include <fstream>

#include <sys/stat.h>

#include "common/clock.h"
#include "common/keys/resume_keys.h"
#include "server/core/record/resume_token.h"
#include "server/rpc/heartbeat/tokens_in_use.h"
#include "server/storage/sqlite_database.h"
#include "server/storage/sqlite_schema.h"
#include "tests/attack/attacked_server.h"

namespace liveness::testing {
namespace {

using common::ResumeKey;
using common::ResumeKeys;
using common::WallTime;
using std::chrono::hours;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::milliseconds kSoon{20'000};
// The first bytes of a token name its key.
constexpr std::size_t kNameChars = 10;

class ResumeKeyAttack : public AttackTest {
 protected:
  static WallTime Now() { return common::SystemClock().Wall(); }
  static common::ResumeSecret Secret(std::uint8_t digit) {
    common::ResumeSecret secret;
    secret.fill(digit);
    return secret;
  }
  // `a` alone since an hour.
  static ResumeKeys Old() { return {{{Secret(0xa), Now() - hours(1), {}}}, Now() - hours(1)}; }
  // `b` signs from half an hour ago on, and `a` is accepted until `until`.
  static ResumeKeys Rotated(WallTime until) {
    const WallTime from = Now() - std::chrono::minutes(30);
    return {{{Secret(0xb), from, {}}, {Secret(0xa), from - hours(1), until}}, from};
  }

  std::string WriteKeys(const ResumeKeys& keys, mode_t mode = 0600) {
    return WriteText(common::FormatResumeKeys(keys), mode);
  }
  std::string WriteText(const std::string& text, mode_t mode = 0600) {
    std::ofstream(dir_.file("keys.new")) << text;
    chmod(dir_.file("keys.new").c_str(), mode);
    std::filesystem::rename(dir_.file("keys.new"), path_);
    return path_;
  }
  void StartWith(const ResumeKeys& keys) {
    Start({"--resume-key-file=" + WriteKeys(keys), "--data-dir=" + dir_.file("data")});
  }

  struct Joined {
    std::string token;
    std::uint64_t incarnation = 0;
  };
  // Kept open with the fixture: a session is resumed from its stream.
  Joined Join(const std::string& id, const std::string& token = {}) {
    // Nobody here pings.
    auto hello = HeartbeatStream::Hello(id, id + "-1", std::chrono::seconds(10), std::chrono::seconds(100));
    hello.mutable_hello()->set_resume_token(token);
    streams_.push_back(std::make_unique<HeartbeatStream>(server_->address()));
    const auto welcome = streams_.back()->Join(hello);
    EXPECT_TRUE(welcome) << id << ": nobody is refused";
    return welcome ? Joined{welcome->resume_token(), welcome->incarnation()} : Joined{};
  }
  // The key that signs now.
  std::string Signing() { return Join("probe").token.substr(0, kNameChars); }
  bool SignsWithAnotherThan(const std::string& token) {
    return Within(kSoon, [&] { return Signing() != token.substr(0, kNameChars); });
  }
  std::size_t Lines(const std::string& text) const {
    std::size_t count = 0;
    const std::string log = server_->StandardError();
    for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
    return count;
  }
  bool Says(const std::string& text, std::size_t times = 1) const {
    return Within(kSoon, [&] { return Lines(text) >= times; });
  }

  const std::string path_ = dir_.file("keys.toml");
  std::vector<std::unique_ptr<HeartbeatStream>> streams_;
};

TEST_F(ResumeKeyAttack, ARotationCostsNobodyItsSession) {
  ASSERT_NO_FATAL_FAILURE(StartWith(Old()));
  const Joined before = Join("orders");
  WriteKeys(Rotated(Now() + hours(1)));
  ASSERT_TRUE(SignsWithAnotherThan(before.token));
  const Joined resumed = Join("orders", before.token);
  EXPECT_EQ(resumed.incarnation, before.incarnation);
  EXPECT_NE(resumed.token.substr(0, kNameChars), before.token.substr(0, kNameChars));
  EXPECT_EQ(Join("orders", resumed.token).incarnation, before.incarnation);
  EXPECT_EQ(Get(Channel(), "orders")->attachment(), 3);
}

TEST_F(ResumeKeyAttack, FromTheStoresKeyTooAndOverARestart) {
  const std::vector<std::string> flags = {"--data-dir=" + dir_.file("data"), "--restart-grace=30s",
                                          "--drain-timeout=500ms"};
  ASSERT_NO_FATAL_FAILURE(Start(flags));
  const Joined before = Join("orders");
  ASSERT_EQ(server_->Stop(), 0);
  streams_.clear();
  ResumeKeys keys = Old();
  keys.store_until = Now() + hours(1);
  std::vector<std::string> more = flags;
  more.push_back("--resume-key-file=" + WriteKeys(keys));
  ASSERT_NO_FATAL_FAILURE(Start(more));
  const Joined resumed = Join("orders", before.token);
  EXPECT_EQ(resumed.incarnation, before.incarnation);
  EXPECT_NE(resumed.token.substr(0, kNameChars), before.token.substr(0, kNameChars));
}

TEST_F(ResumeKeyAttack, ATokenOfAKeyThatRanOutIsNoneAndNobodyIsRefused) {
  ASSERT_NO_FATAL_FAILURE(StartWith(Old()));
  const Joined before = Join("orders");
  WriteKeys(Rotated(Now() - std::chrono::seconds(1)));
  ASSERT_TRUE(SignsWithAnotherThan(before.token));
  const Joined anew = Join("orders", before.token);
  EXPECT_GT(anew.incarnation, before.incarnation);
  EXPECT_EQ(Join("orders", anew.token).incarnation, anew.incarnation);
}

// Whoever has the file of before and the store makes tokens as he likes: of the session of another, and of
// one far ahead, which would tell the server that its store has lost the time between.
TEST_F(ResumeKeyAttack, ALeakedKeyIsOfNoUseOnceItHasRunOut) {
  ASSERT_NO_FATAL_FAILURE(StartWith(Old()));
  const Joined orders = Join("orders"), billing = Join("billing");
  auto database = storage::SqliteDatabase::Open(dir_.file("data") + "/liveness.db",
                                                storage::SqliteDatabase::Access::kReadOnly, "");
  ASSERT_TRUE(database.ok()) << database.status();
  const auto bytes = storage::MetaBytes(*database, storage::meta::kTokenKey);
  storage::TokenKey store;
  ASSERT_TRUE(bytes.ok() && bytes->size() == store.size()) << bytes.status();
  std::memcpy(store.data(), bytes->data(), store.size());
  const core::ResumeTokens thief(rpc::MakeKeyRing(store, Old()));
  EXPECT_EQ(Join("orders", thief.Issue("orders", "x", orders.incarnation, Now())).incarnation,
            orders.incarnation)
      << "until then it is of use: the forgery is right";

  WriteKeys(Rotated(Now() - std::chrono::seconds(1)));
  ASSERT_TRUE(SignsWithAnotherThan(orders.token));
  EXPECT_GT(Join("orders", thief.Issue("orders", "x", orders.incarnation, Now())).incarnation,
            orders.incarnation);
  const std::uint64_t far = billing.incarnation + (std::uint64_t{1} << 40);
  EXPECT_LT(Join("billing", thief.Issue("billing", "x", far, Now())).incarnation, far);
  EXPECT_THAT(server_->StandardError(), Not(HasSubstr("back in time")));
}

TEST_F(ResumeKeyAttack, ABadFileChangesNothingAndIsTold) {
  ASSERT_NO_FATAL_FAILURE(StartWith(Old()));
  const Joined before = Join("orders");
  const std::string good = common::FormatResumeKeys(Rotated(Now() + hours(1)));
  const std::string hex(64, '7'), from = "\nfrom = 2020-01-01T00:00:00Z\n";
  const std::string refused = "resume keys: the changed file is not taken";
  std::size_t told = 0;
  const auto expect_told = [&](const std::string& why) {
    EXPECT_TRUE(Says(refused, ++told)) << why;
    EXPECT_THAT(server_->StandardError(), HasSubstr(why));
    EXPECT_EQ(Signing(), before.token.substr(0, kNameChars)) << why;
    EXPECT_EQ(Join("orders", before.token).incarnation, before.incarnation) << why;
  };
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"[[key]]\nsecret = 7" + from, "takes a string, not an integer"},
           {"[[key]]\nsecret = \"" + hex.substr(2) + "\"" + from, "must be 64 hexadecimal digits"},
           {"[[key]]\nsecret = \"" + hex + "\"" + from + "[[key]]\nsecret = \"" + hex + "\"" + from,
            "is that of another key as well"},
           {"[[key]]\nsecret = " + hex + from, "is no TOML"},
           {"", "is missing"}}) {
    WriteText(text);
    expect_told(why);
  }
  WriteText(good, 0644);
  expect_told("is open to others");
  std::filesystem::remove(path_);
  expect_told("No such file or directory");
  std::filesystem::create_directory(path_);
  expect_told("is not a regular file");
  std::filesystem::remove(path_);
  server_->Signal(SIGHUP);
  EXPECT_TRUE(Says("the file of resume keys was refused"));
  EXPECT_THAT(server_->StandardError(), Not(HasSubstr("7777")));

  // A chmod alone mends it.
  WriteText(good, 0640 | S_IROTH);
  EXPECT_TRUE(Says("is open to others", 2));
  chmod(path_.c_str(), 0640);
  EXPECT_TRUE(SignsWithAnotherThan(before.token));
  EXPECT_EQ(Join("orders", before.token).incarnation, before.incarnation);
  server_->Signal(SIGHUP);
  EXPECT_TRUE(Says("the keys of resume tokens were read"));
}

TEST_F(ResumeKeyAttack, AServerDoesNotStartWithABadFile) {
  for (const auto& [path, why] : std::vector<std::pair<std::string, std::string>>{
           {WriteKeys(Old(), 0644), "is open to others"}, {dir_.file("none"), "No such file"}}) {
    for (const char* verb : {"--drain-timeout=1s", "config"}) {
      std::vector<std::string> args = {"--listen=127.0.0.1:0", "--http-listen=none",
                                       "--resume-key-file=" + path, verb};
      if (args.back() == "config") args.emplace_back("check");
      const auto outcome = ServerProcess::RunToEnd(args);
      EXPECT_NE(outcome.exit_code, 0) << outcome.err;
      EXPECT_THAT(outcome.err, HasSubstr("--resume-key-file=" + path + ": "));
      EXPECT_THAT(outcome.err, HasSubstr(why));
    }
  }
}

}  // namespace
}  // namespace liveness::testing
