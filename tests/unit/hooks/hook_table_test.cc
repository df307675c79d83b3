#include "server/hooks/hook_table.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/toml/toml_file.h"
#include "tests/support/temp_dir.h"

namespace liveness::hooks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Read {
  std::vector<HookConfigPtr> hooks;
  std::vector<std::string> errors;  // "LINE:COLUMN: text"
};

Read ReadText(const std::string& text) {
  const common::TomlFile file = common::ParseToml(text);
  EXPECT_THAT(file.errors, IsEmpty()) << text;
  std::vector<common::TomlError> errors;
  Read read;
  if (const toml::node* const hooks = file.table.get("hook")) read.hooks = ReadHooks(*hooks, errors);
  common::SortTomlErrors(errors);
  for (const auto& error : errors) read.errors.push_back(common::FormatTomlError("f", error).substr(2));
  return read;
}

// What is wrong with one hook of that name and these lines, of which the first is line 3.
std::vector<std::string> Wrong(const std::string& lines) {
  return ReadText("[[hook]]\nname = \"a\"\n" + lines + "\n").errors;
}

TEST(HookTable, ReadsAllOfIt) {
  const testing::TempDir dir;
  std::ofstream(dir.file("key")) << "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
  std::ofstream(dir.file("ca")) << "pem";
  const Read read = ReadText(
      "[[hook]]\nname = \"pager-1\"\nurl = \"https://u:p@hooks.example.com/in?key=1\"\n"
      "filter = 'labels.team = shop'\nevents = [\"groups\"]\ninclude-maintenance = true\n"
      "timeout = \"2s\"\nretry-for = \"1h\"\nallow-private = true\nproxy = \"http://proxy:3128\"\n"
      "secret-file = \"" +
      dir.file("key") + "\"\nca-file = \"" + dir.file("ca") +
      "\"\n"
      "[[hook]]\nname = \"run\"\ncommand = [\"/bin/page\", \"--now\"]\n");
  EXPECT_THAT(read.errors, IsEmpty());
  ASSERT_EQ(read.hooks.size(), 2u);
  const HookConfig& hook = *read.hooks[0];
  EXPECT_EQ(hook.name, "pager-1");
  EXPECT_EQ(hook.url, "https://u:p@hooks.example.com/in?key=1");
  EXPECT_EQ(hook.filter, "labels.team = shop");
  EXPECT_FALSE(hook.transitions);
  EXPECT_TRUE(hook.groups && hook.include_maintenance && hook.allow_private);
  EXPECT_EQ(hook.timeout, std::chrono::seconds(2));
  EXPECT_EQ(hook.retry_for, std::chrono::hours(1));
  EXPECT_EQ(hook.secrets.size(), 1u);
  EXPECT_EQ(hook.proxy, "http://proxy:3128");
  EXPECT_THAT(read.hooks[1]->command, ElementsAre("/bin/page", "--now"));
  EXPECT_TRUE(read.hooks[1]->transitions && read.hooks[1]->groups);
  EXPECT_EQ(read.hooks[1]->retry_for, std::chrono::hours(24));
}

TEST(HookTable, AReceiverIsOneOfTwo) {
  EXPECT_THAT(Wrong(""), ElementsAre("1:1: key 'url' is missing; a hook has a 'url' or a 'command'"));
  EXPECT_THAT(Wrong("url = \"https://a.example\"\ncommand = [\"x\"]"),
              ElementsAre("4:11: key 'command' is given beside a 'url'; a hook has one of both"));
  EXPECT_THAT(Wrong("command = []"), ElementsAre("3:11: key 'command' names no program"));
  EXPECT_THAT(Wrong("command = [\"\"]"), ElementsAre("3:11: key 'command' names no program"));
  EXPECT_THAT(Wrong("command = [\"x\", \"a\\u0000b\"]"),
              ElementsAre("3:11: key 'command' holds a zero byte"));
  EXPECT_THAT(Wrong("command = [\"x\", 1]"),
              ElementsAre("3:17: key 'command' takes strings, not an integer"));
  EXPECT_THAT(Wrong("command = [\"x\"]\nallow-private = true"),
              ElementsAre("4:17: key 'allow-private' is for a hook with a 'url'"));
}

TEST(HookTable, AUrlIsHttpAndPublic) {
  for (const char* fine : {"https://hooks.example.com", "http://8.8.8.8:80/x", "HTTPS://example.com/%20",
                           "http://[2606:4700::1]/"}) {
    EXPECT_THAT(Wrong("url = \"" + std::string(fine) + "\""), IsEmpty()) << fine;
  }
  EXPECT_THAT(Wrong("url = \"ftp://example.com\""),
              ElementsAre("3:7: key 'url' must begin with http:// or https://"));
  for (const char* slashes :
       {"http:/me:hunter2@example.com/x?at=http://b", "http:///me:hunter2@example.com/x"}) {
    EXPECT_THAT(Wrong("url = \"" + std::string(slashes) + "\""),
                ElementsAre("3:7: key 'url' must begin with http:// or https://"))
        << slashes << ": a password would be shown";
  }
  for (const char* bad :
       {"", "example.com/x", "http://", "http://a b/", "http://a:99999/", "http://a\\u0000b/"}) {
    EXPECT_THAT(Wrong("url = \"" + std::string(bad) + "\""), ElementsAre(HasSubstr("key 'url' is no URL")))
        << bad;
  }
  for (const char* host : {"127.0.0.1", "localhost", "[::1]", "10.1.2.3", "0x7f.1", "[::ffff:10.0.0.1]"}) {
    const std::string url = "url = \"http://" + std::string(host) + ":9000/\"";
    EXPECT_THAT(Wrong(url), ElementsAre(HasSubstr("allow-private = true lets the hook go there"))) << host;
    EXPECT_THAT(Wrong(url + "\nallow-private = true"), IsEmpty()) << host;
  }
}

TEST(HookTable, NamesAreShortPlainAndOnce) {
  for (const std::string& name :
       {std::string(), std::string("A"), std::string("a b"), std::string(64, 'a')}) {
    const auto errors = ReadText("[[hook]]\nname = \"" + name + "\"\ncommand = [\"x\"]\n").errors;
    EXPECT_THAT(errors, ElementsAre("2:8: key 'name' must be 1 to 63 of a-z, 0-9 and -")) << name;
  }
  EXPECT_THAT(ReadText("[[hook]]\ncommand = [\"x\"]\n").errors, ElementsAre("1:1: key 'name' is missing"));
  EXPECT_THAT(
      ReadText("[[hook]]\nname = \"a\"\ncommand = [\"x\"]\n[[hook]]\nname = \"a\"\ncommand = [\"x\"]\n")
          .errors,
      ElementsAre("5:8: key 'name' is that of another hook, a"));
}

TEST(HookTable, AllThatIsWrongIsSaid) {
  const auto errors = Wrong(
      "url = \"https://a.example\"\nfilter = \"state = \"\nevents = [\"transition\"]\ntimeout = 5\n"
      "retry-for = \"1000h\"\nsecret-file = \"/no/such/file\"\nca-file = \"/no/such/file\"\n"
      "proxy = \"socks5://a\"\nalow-private = true\nsecret = \"whsec_x\"");
  EXPECT_THAT(
      errors,
      ElementsAre(HasSubstr("4:10: key 'filter' is no filter: "),
                  "5:10: key 'events' takes \"transitions\" and \"groups\", not \"transition\"",
                  HasSubstr("6:11: key 'timeout' takes a string such as"),
                  HasSubstr("7:13: key 'retry-for' must be between 0s and 720h"),
                  HasSubstr("8:15: key 'secret-file' is of no use: cannot read /no/such/file: No such file"),
                  HasSubstr("9:11: key 'ca-file' cannot be read: No such file"),
                  "10:9: key 'proxy' must begin with http:// or https://",
                  "11:1: key 'alow-private' is not known; did you mean 'allow-private'?",
                  HasSubstr("12:1: key 'secret' is not known")));
  EXPECT_THAT(Wrong("command = [\"x\"]\nevents = []\ntimeout = \"1ms\""),
              ElementsAre("4:10: key 'events' names none; leave it out for all",
                          "5:11: key 'timeout' must be between 100ms and 5m"));
}

TEST(HookTable, WhatIsNoTableOrTooMany) {
  EXPECT_THAT(ReadText("hook = 1").errors, ElementsAre(HasSubstr("hooks are written as tables")));
  EXPECT_THAT(ReadText("[hook]\nname = \"a\"").errors, ElementsAre(HasSubstr("hooks are written as tables")));
  EXPECT_THAT(ReadText("hook = [1]").errors, ElementsAre(HasSubstr("hooks are written as tables")));
  std::string many;
  for (int i = 0; i < 65; ++i) many += "[[hook]]\nname = \"a" + std::to_string(i) + "\"\ncommand = [\"x\"]\n";
  EXPECT_THAT(ReadText(many).errors, ElementsAre(HasSubstr("has 65 hooks; 64 are the most")));
}

TEST(HookTable, IsPrintedWithoutSecrets) {
  HookConfig hook;
  hook.name = "a";
  hook.url = "https://user:hunter2@example.com:8443/services/T0KEN?key=K";
  hook.proxy = "http://me:hunter2@proxy:3128";
  hook.secrets = {*Secret::Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  hook.secret_file = "/etc/key";
  hook.groups = false;
  hook.timeout = std::chrono::seconds(3);
  EXPECT_EQ(HookAsToml(hook),
            "[[hook]]\nname = \"a\"\nurl = \"https://***@example.com:8443/***\"\nevents = [\"transitions\"]\n"
            "timeout = \"3s\"\nsecret-file = \"/etc/key\"\nproxy = \"http://***@proxy:3128\"\n");
  hook = HookConfig{.name = "b", .command = {"/bin/x", "a \"b\""}};
  const Read again = ReadText(HookAsToml(hook));
  ASSERT_EQ(again.hooks.size(), 1u);
  EXPECT_EQ(*again.hooks[0], hook);
}

TEST(HookTable, AUrlIsShownWithoutWhatMayBeAKey) {
  EXPECT_EQ(ShownUrl("https://example.com"), "https://example.com");
  EXPECT_EQ(ShownUrl("https://example.com/"), "https://example.com");
  EXPECT_EQ(ShownUrl("https://example.com/x"), "https://example.com/***");
  EXPECT_EQ(ShownUrl("https://example.com?k=v"), "https://example.com/***");
  EXPECT_EQ(ShownUrl("https://a@b@example.com/x"), "https://***@example.com/***");
  EXPECT_EQ(ShownUrl("nonsense"), "");
}

}  // namespace
}  // namespace liveness::hooks
