// `livenessctl completion`: what a shell offers at a TAB.
#include <gmock/gmock.h>
#include <unistd.h>

#include <sstream>

#include "tests/integration/cli/cli_process.h"

namespace liveness::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class CompletionTest : public CliTest {
 protected:
  // What bash puts in place of the word that is being written at the end of `line`.
  static std::vector<std::string> Offers(const std::string& line, const std::string& name = "livenessctl") {
    const std::string program = BinaryPath(name);
    const std::string script =
        "source <('" + program + "' completion bash); COMP_LINE=\"$1\"; COMP_POINT=${#1}; " + "_" + name +
        " 2>/dev/null; ((${#COMPREPLY[@]} == 0)) || printf '%s\\n' \"${COMPREPLY[@]}\"";
    ChildProcess bash("/bin/bash", {"--norc", "-c", script, "bash", program + " " + line});
    EXPECT_EQ(bash.Wait(kPatience), 0) << bash.Err();
    std::vector<std::string> offers;
    std::istringstream lines(bash.Out());
    for (std::string each; std::getline(lines, each);) offers.push_back(each);
    return offers;
  }
  std::string Server() const { return "--server=" + server_->address() + " "; }
};

TEST_F(CompletionTest, VerbsAndTheirFlags) {
  EXPECT_THAT(Offers("sta"), ElementsAre("stats"));
  EXPECT_THAT(Offers(""),
              AllOf(Contains("list"), Contains("get"), Contains("server"), Not(Contains("--server="))));
  EXPECT_THAT(Offers("server "), AllOf(Contains("drain"), Contains("undrain")));
  EXPECT_THAT(Offers("server drain --w"), ElementsAre("--within="));
  EXPECT_THAT(Offers("list --lim"), ElementsAre("--limit="));
  EXPECT_THAT(Offers("list --no-h"), ElementsAre("--no-headers")) << "a flag of all verbs";
  EXPECT_THAT(Offers("nonsense --nonsense"), IsEmpty());
}

TEST_F(CompletionTest, ValuesOfAFlag) {
  EXPECT_THAT(Offers("list -o "), ElementsAre("table", "wide", "json", "yaml", "name"));
  EXPECT_THAT(Offers("list --output=j"), ElementsAre("json")) << "readline replaces what follows the =";
  EXPECT_THAT(Offers("wait web-1 --for="), ElementsAre("alive", "dead", "left", "gone"));
  EXPECT_THAT(Offers("completion "), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(Offers("--tls-ca=/etc/host"), Contains("/etc/hostname"));
}

TEST_F(CompletionTest, IdsThatTheServerKnows) {
  const auto one = Beat("web-1");
  const auto two = Beat("web:2 b");
  const auto three = Beat("db-1");
  EXPECT_THAT(Offers(Server() + "get "), ElementsAre("db-1", "web-1", "web:2\\ b"));
  EXPECT_THAT(Offers(Server() + "get web-"), ElementsAre("web-1"));
  EXPECT_THAT(Offers(Server() + "get web:"), ElementsAre("2\\ b")) << "readline replaces what follows the :";
  EXPECT_THAT(Offers(Server() + "maintenance set db-1 w"), ElementsAre("web-1", "web:2\\ b"));
  EXPECT_THAT(Offers(Server() + "wait db-1 --for=dead --within="), IsEmpty());
}

TEST_F(CompletionTest, WithoutAServerThereAreNoIdsAndNoWait) {
  EXPECT_THAT(Offers("--server=127.0.0.1:1 get "), IsEmpty());
}

TEST_F(CompletionTest, TheServersOwnWords) {
  EXPECT_THAT(Offers("conf", "livenessd"), ElementsAre("config"));
  EXPECT_THAT(Offers("--store=s", "livenessd"), ElementsAre("sqlite"));
  EXPECT_THAT(Offers("config print --max-cl", "livenessd"), ElementsAre("--max-clients="));
}

TEST_F(CompletionTest, TheOtherShellsTakeTheirScripts) {
  for (const std::string program : {"livenessctl", "livenessd"}) {
    for (const char* shell : {"zsh", "fish"}) {
      ChildProcess script(BinaryPath(program), {"completion", shell});
      EXPECT_EQ(script.Wait(kPatience), 0) << script.Err();
      const std::string path = std::string("/usr/bin/") + shell;
      if (access(path.c_str(), X_OK) != 0) continue;
      ChildProcess check("/bin/sh",
                         {"-c", "'" + BinaryPath(program) + "' completion " + shell + " | " + path + " -n"});
      EXPECT_EQ(check.Wait(kPatience), 0) << check.Err();
    }
  }
  EXPECT_EQ(Run({"completion", "tcsh"}).code, 2);
}

}  // namespace
}  // namespace liveness::testing
